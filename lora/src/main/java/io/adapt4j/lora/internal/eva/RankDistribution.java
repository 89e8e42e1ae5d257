package io.adapt4j.lora.internal.eva;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Distribution of a sum of ranks over projections. */
final class RankDistribution {

  private RankDistribution() {}

  private record Direction(int projection, float share) {}

  /**
   * Gives ranks to the directions that explain the largest shares of the variance; of equal ones,
   * to the projection that comes first. Shares of each projection are in descending order.
   */
  static int[] of(List<float[]> shares, int sum) {
    List<Direction> all = new ArrayList<>();
    for (int i = 0; i < shares.size(); i++) {
      for (float share : shares.get(i)) {
        all.add(new Direction(i, share));
      }
    }
    all.sort(Comparator.comparingDouble(Direction::share).reversed());
    int[] ranks = new int[shares.size()];
    all.stream().limit(sum).forEach(direction -> ranks[direction.projection()]++);
    return ranks;
  }
}
