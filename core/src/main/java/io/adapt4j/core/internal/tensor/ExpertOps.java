package io.adapt4j.core.internal.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sends each position to a few of several experts, and joins what they return (Shazeer et al.
 * 2017).
 */
public final class ExpertOps {

  private static final Operator ROUTE = Operator.core("route");
  private static final Operator ROUTE_BACKWARD = Operator.core("route_backward");
  private static final Operator WEIGH_ROWS = Operator.core("weigh_rows");
  private static final Operator WEIGH_ROWS_BACKWARD = Operator.core("weigh_rows_backward");
  private static final Operator JOIN_ROWS = Operator.core("join_rows");
  private static final Operator JOIN_ROWS_BACKWARD = Operator.core("join_rows_backward");
  private static final Operator SIGMOID_GATED = Operator.core("sigmoid_gated");
  private static final Operator SIGMOID_GATED_BACKWARD = Operator.core("sigmoid_gated_backward");

  private ExpertOps() {}

  /**
   * The positions of one expert.
   *
   * @param expert its number
   * @param rows which positions, I64 [n]
   * @param slots where their weights stand among all, I64 [n]
   */
  public record Share(int expert, Tensor rows, Tensor slots) {}

  /**
   * Where positions go.
   *
   * @param weights of the chosen experts of each position, F32 [N, k]
   * @param shares of the experts that have a position, by number
   */
  public record Routed(Tensor weights, List<Share> shares) {}

  /**
   * Chooses the experts with the largest scores. The scores are retained; which were chosen is read
   * by this thread.
   *
   * @param ops the operators in use
   * @param scores [B, T, experts]
   * @param k how many experts a position has
   * @param normalized whether the weights of a position add up to 1
   * @return where the positions go
   */
  public static Routed route(Ops ops, Tensor scores, int k, boolean normalized) {
    Tensor[] made = ROUTE.tensors(scores, k, normalized);
    if (ops.isDifferentiated(scores)) {
      ops.saveForBackward(scores);
      ops.saveForBackward(made[1]);
      ops.record(
          new Tensor[] {made[0]},
          new Tensor[] {scores},
          d -> new Tensor[] {ROUTE_BACKWARD.tensor(d[0], scores, made[1], normalized)});
    }
    int experts = Math.toIntExact(scores.size(scores.sizes().length - 1));
    return new Routed(made[0], shares(ops, chosen(made[1], experts), k, experts));
  }

  /** Where there are shapes only, every expert has an equal share. */
  private static long[] chosen(Tensor ids, int experts) {
    if (!ids.engine().isOnShapes()) {
      return ids.toLongs();
    }
    long[] even = new long[Math.toIntExact(ids.count())];
    Arrays.setAll(even, i -> i % experts);
    return even;
  }

  private static List<Share> shares(Ops ops, long[] chosen, int k, int experts) {
    int[] counts = new int[experts];
    for (long expert : chosen) {
      counts[(int) expert]++;
    }
    long[][] slots = new long[experts][];
    for (int expert = 0; expert < experts; expert++) {
      slots[expert] = new long[counts[expert]];
    }
    Arrays.fill(counts, 0);
    for (int slot = 0; slot < chosen.length; slot++) {
      int expert = (int) chosen[slot];
      slots[expert][counts[expert]++] = slot;
    }
    List<Share> shares = new ArrayList<>();
    for (int expert = 0; expert < experts; expert++) {
      if (slots[expert].length > 0) {
        long[] rows = Arrays.stream(slots[expert]).map(slot -> slot / k).toArray();
        shares.add(
            new Share(
                expert,
                ops.saveForBackward(Tensor.of(rows, rows.length)),
                ops.saveForBackward(Tensor.of(slots[expert], rows.length))));
      }
    }
    return shares;
  }

  /**
   * Multiplies what an expert returned by the weights of its positions. Retains both.
   *
   * @param ops the operators in use
   * @param y [n, hidden]
   * @param weights of all positions, F32 [N, k]
   * @param share the expert's
   * @return the shape of y
   */
  public static Tensor weigh(Ops ops, Tensor y, Tensor weights, Share share) {
    Tensor z = WEIGH_ROWS.tensor(y, weights, share.slots());
    if (ops.isDifferentiated(y) || ops.isDifferentiated(weights)) {
      ops.saveForBackward(y);
      ops.saveForBackward(weights);
      ops.record(
          new Tensor[] {z},
          new Tensor[] {y, weights},
          d -> WEIGH_ROWS_BACKWARD.tensors(d[0], y, weights, share.slots()));
    }
    return z;
  }

  /**
   * Adds up what the experts of each position returned. Retains nothing.
   *
   * @param ops the operators in use
   * @param parts [n, hidden] of each share
   * @param shares in the same order
   * @param like [B, T, hidden], for the shape
   * @return the shape of that
   */
  public static Tensor join(Ops ops, List<Tensor> parts, List<Share> shares, Tensor like) {
    List<Tensor> rows = shares.stream().map(Share::rows).toList();
    Tensor y = JOIN_ROWS.tensor(parts, rows, like.sizes());
    if (parts.stream().anyMatch(ops::isDifferentiated)) {
      ops.record(
          new Tensor[] {y},
          parts.toArray(Tensor[]::new),
          d -> JOIN_ROWS_BACKWARD.tensors(d[0], rows));
    }
    return y;
  }

  /**
   * Multiplies by the sigmoid of a gate. Retains both.
   *
   * @param ops the operators in use
   * @param y [B, T, hidden]
   * @param gate [B, T, 1]
   * @return the shape of y
   */
  public static Tensor sigmoidGated(Ops ops, Tensor y, Tensor gate) {
    Tensor z = SIGMOID_GATED.tensor(y, gate);
    if (ops.isDifferentiated(y) || ops.isDifferentiated(gate)) {
      ops.saveForBackward(y);
      ops.saveForBackward(gate);
      ops.record(
          new Tensor[] {z},
          new Tensor[] {y, gate},
          d -> SIGMOID_GATED_BACKWARD.tensors(d[0], y, gate));
    }
    return z;
  }
}
