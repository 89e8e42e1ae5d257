package io.adapt4j.lora.internal.eva;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The input of projections, its principal components, and the ranks that they get of these. */
final class SharedInput {

  private final int slot;
  private final PrincipalComponents components;
  private final int most;
  private final List<Rank> ranks;

  /** The rank of one projection. */
  final class Rank {
    private final AdaptedPart part;
    private int rank = most;

    private Rank(AdaptedPart part) {
      this.part = part;
    }

    AdaptedPart part() {
      return part;
    }

    float[] shares() {
      return components.shares();
    }

    void set(int found) {
      rank = found;
    }
  }

  /** Starts without rows; the slot is the first with the input. */
  SharedInput(int slot, List<AdaptedPart> parts, double rho) {
    this.slot = slot;
    double limit = parts.stream().mapToDouble(part -> Math.rint(part.rank() * rho)).max().orElse(0);
    this.most = (int) Math.min(limit, (double) parts.get(0).in());
    this.components = new PrincipalComponents(most);
    this.ranks = parts.stream().map(Rank::new).toList();
  }

  int slot() {
    return slot;
  }

  PrincipalComponents components() {
    return components;
  }

  List<Rank> ranks() {
    return ranks;
  }

  /** Returns whether all components that some projection gets are stable. */
  boolean isStable(double cosine) {
    int needed = ranks.stream().mapToInt(rank -> rank.rank).max().orElse(0);
    return components.isStable(needed, cosine);
  }

  /** Returns the directions of each projection, [rank, in]. */
  Map<AdaptedPart, Tensor> directions(boolean whiten) {
    Map<AdaptedPart, Tensor> directions = new LinkedHashMap<>();
    if (!components.isEmpty()) {
      ranks.forEach(rank -> directions.put(rank.part(), components.first(rank.rank, whiten)));
    }
    return directions;
  }
}
