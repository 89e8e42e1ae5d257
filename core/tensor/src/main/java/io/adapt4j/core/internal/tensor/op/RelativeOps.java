package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scratch;
import io.adapt4j.core.internal.tensor.Temporaries;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Attention with relative positions, and convolutions. */
public final class RelativeOps {

  private static final Operator BIASED =
      Operator.core("bucketed_attention").needing(withBias(AttentionOps.scores(0, 1, 2), 0, 2));
  private static final Operator BIASED_BACKWARD =
      Operator.core("bucketed_attention_backward")
          .needing(withBias(AttentionOps.scores(1, 2, 4), 1, 3));
  private static final Operator DISENTANGLED =
      Operator.core("disentangled_attention").needing(scores(4));
  private static final Operator DISENTANGLED_BACKWARD =
      Operator.core("disentangled_attention_backward").needing(scores(8));
  private static final Operator CONVOLVE =
      Operator.core("convolve").needing(Temporaries.like(0, 3));
  private static final Operator CONVOLVE_BACKWARD =
      Operator.core("convolve_backward").needing(Temporaries.like(0, 4));
  private static final Operator MASK_POSITIONS = Operator.core("mask_positions");
  private static final Operator ROW_PRODUCTS = Operator.core("row_products");
  private static final Operator ROW_PRODUCTS_BACKWARD = Operator.core("row_products_backward");
  private static final Operator ROW_NUMBERS = Operator.core("row_numbers");
  private static final Operator WIDEN = Operator.core("widen");

  /** Maximum number of scores computed at once, unless a single row has more. */
  private static final long SCORES = 1L << 22;

  private RelativeOps() {}

  /** Scratch memory for a number of tensors with a block's scores. */
  private static Scratch scores(int tensors) {
    return arguments -> {
      Tensor q =
          Arrays.stream(arguments)
              .filter(Tensor.class::isInstance)
              .map(Tensor.class::cast)
              .filter(tensor -> tensor.sizes().length == 4)
              .findFirst()
              .orElseThrow();
      long row = q.size(1) * q.size(2) * q.size(2);
      long block = Math.min(row * q.size(0), Math.max(SCORES, row));
      return block * q.type().bytes() * tensors;
    };
  }

  /** Adds a number of copies of the bias of every head, query and key. */
  private static Scratch withBias(Scratch scores, int queries, int times) {
    return arguments -> {
      Tensor q = (Tensor) arguments[queries];
      long bias = q.size(1) * q.size(2) * q.size(2) * q.type().bytes();
      return scores.bytes(arguments) + times * bias;
    };
  }

  /**
   * Buckets of distances that share a bias (Raffel et al. 2020): half of them are for keys after
   * the query; small distances have their own bucket, larger ones share by their logarithm.
   */
  public record Buckets(int buckets, int furthest) {

    private double logRange() {
      int exact = buckets / 4;
      return Math.log((double) furthest / exact);
    }
  }

  /**
   * Bidirectional attention with a relative position bias. Saves q, k and v for backward.
   *
   * @param heads q, k and v [B, H, T, D]
   * @param bias of each bucket and head [buckets, H]
   * @param mask additive mask, or null
   * @return the concatenated heads [B, T, H D]
   */
  public static Tensor biasedAttention(
      Ops ops, Tensor[] heads, Parameter bias, Tensor mask, double scale, Buckets distances) {
    Tensor q = heads[0];
    Tensor k = heads[1];
    Tensor v = heads[2];
    List<Tensor> masks = mask == null ? List.of() : List.of(mask);
    int buckets = distances.buckets();
    double range = distances.logRange();
    double drop = ops.attentionDropout();
    ops.seedWeights(drop);
    Tensor y = BIASED.tensor(q, k, v, bias.value(), masks, scale, buckets, range, drop).typedAs(q);
    return ops.recorded(
        Stream.of(heads).anyMatch(ops::isDifferentiated) || ops.trains(bias),
        y,
        heads,
        dy -> {
          ops.seedWeights(drop);
          return BIASED_BACKWARD.tensors(
              dy,
              q,
              k,
              v,
              bias.value(),
              Parameter.gradientOf(bias),
              masks,
              scale,
              buckets,
              range,
              drop);
        },
        heads);
  }

  /**
   * Mapping of distances to the rows of a table with 2 span rows (He et al. 2021).
   *
   * @param buckets distances up to half of it have their own row, others share by their logarithm;
   *     0 if all have their own
   */
  public record Rows(int span, int buckets, int furthest) {}

  /**
   * Disentangled attention (He et al. 2021, eq. 4). Saves all heads for backward.
   *
   * @param positionKeys keys of the distances for the content queries, [1, H, 2 span, D]; empty or
   *     one
   */
  public static Tensor disentangledAttention(
      Ops ops,
      Tensor[] heads,
      List<Tensor> positionKeys,
      List<Tensor> positionQueries,
      Tensor mask,
      double scale,
      Rows rows) {
    Tensor q = heads[0];
    Tensor k = heads[1];
    Tensor v = heads[2];
    List<Tensor> masks = mask == null ? List.of() : List.of(mask);
    int span = rows.span();
    int buckets = rows.buckets();
    int furthest = rows.furthest();
    double drop = ops.attentionDropout();
    ops.seedWeights(drop);
    Tensor y =
        DISENTANGLED.tensor(
            q, k, v, positionKeys, positionQueries, masks, scale, span, buckets, furthest, drop);
    List<Tensor> all = new ArrayList<>(List.of(heads));
    all.addAll(positionKeys);
    all.addAll(positionQueries);
    Tensor[] inputs = all.toArray(new Tensor[0]);
    return ops.recorded(
        y,
        inputs,
        dy -> {
          ops.seedWeights(drop);
          return DISENTANGLED_BACKWARD.tensors(
              dy,
              q,
              k,
              v,
              positionKeys,
              positionQueries,
              masks,
              scale,
              span,
              buckets,
              furthest,
              drop);
        },
        inputs);
  }

  /**
   * Convolution over positions that preserves their number, with zero padding. Saves x for
   * backward.
   *
   * @param x [B, T, in]
   * @param weight [out, in / groups, kernel], kernel odd
   * @param bias [out]
   * @param mask 0 on positions that are read and written, [B, 1, 1, T]; null for all
   * @return [B, T, out], 0 on masked positions
   */
  public static Tensor convolve(
      Ops ops, Tensor x, Parameter weight, Parameter bias, Tensor mask, int groups) {
    List<Tensor> masks = mask == null ? List.of() : List.of(mask);
    return convolved(ops, x, weight, bias, masks, 1, groups);
  }

  /**
   * Convolution over positions with a stride and zero padding. Saves x for backward.
   *
   * @param x [B, T, in]
   * @param weight [out, in, kernel], kernel odd
   * @param bias [out]
   * @return [B, ceil(T / stride), out]
   */
  public static Tensor convolve(Ops ops, Tensor x, Parameter weight, Parameter bias, int stride) {
    return convolved(ops, x, weight, bias, List.of(), stride, 1);
  }

  private static Tensor convolved(
      Ops ops,
      Tensor x,
      Parameter weight,
      Parameter bias,
      List<Tensor> masks,
      int stride,
      int groups) {
    return ops.recorded(
        ops.isDifferentiated(x) || ops.trains(weight) || ops.trains(bias),
        CONVOLVE.tensor(x, weight.value(), bias.value(), masks, stride, groups),
        x,
        dy ->
            CONVOLVE_BACKWARD.tensor(
                dy,
                x,
                weight.value(),
                Parameter.gradientOf(weight),
                Parameter.gradientOf(bias),
                masks,
                stride,
                groups),
        x);
  }

  /**
   * Views a table as a batch with one row.
   *
   * @param table [N, hidden]
   * @return [1, N, hidden]
   */
  public static Tensor allRows(Ops ops, Parameter table) {
    return ops.embedding(ROW_NUMBERS.tensor(table.value()), table);
  }

  /**
   * Sets padding to zero. Saves nothing for backward.
   *
   * @param x [B, T, hidden]
   * @param mask 0 on tokens, [B, 1, 1, T]; null if there is no padding
   */
  public static Tensor withoutPadding(Ops ops, Tensor x, Tensor mask) {
    if (mask == null) {
      return x;
    }
    return ops.recorded(
        MASK_POSITIONS.tensor(x, List.of(mask)), x, dy -> MASK_POSITIONS.tensor(dy, List.of(mask)));
  }

  /**
   * Dot products of vectors with the rows of a table. Saves both for backward.
   *
   * @param x [B, hidden]
   * @param y [1, N, hidden]
   * @return [B, N]
   */
  public static Tensor products(Ops ops, Tensor x, Tensor y) {
    return ops.recorded(
        ROW_PRODUCTS.tensor(x, y),
        new Tensor[] {x, y},
        d -> ROW_PRODUCTS_BACKWARD.tensors(d, x, y),
        x,
        y);
  }

  /**
   * Selects columns of a tensor. Saves nothing for backward: they are a view.
   *
   * @param x [.., columns]
   * @return [.., width]
   */
  public static Tensor columns(Ops ops, Tensor x, long start, long width) {
    long all = x.size(-1);
    return ops.recorded(
        x.narrow(x.sizes().length - 1, start, width), x, dy -> WIDEN.tensor(dy, start, all));
  }
}
