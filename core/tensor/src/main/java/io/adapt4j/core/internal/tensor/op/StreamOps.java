package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;

/**
 * Operators for several parallel residual streams, of which a layer processes one and corrects the
 * others (AltUp, Baykal et al. 2023), and other operators of the models that use them.
 */
public final class StreamOps {

  private static final Operator MIX = Operator.core("mix_streams");
  private static final Operator MIX_BACKWARD = Operator.core("mix_streams_backward");
  private static final Operator CORRECT = Operator.core("correct_streams");
  private static final Operator CORRECT_BACKWARD = Operator.core("correct_streams_backward");
  private static final Operator MATCH = Operator.core("match_magnitude");
  private static final Operator MATCH_BACKWARD = Operator.core("match_magnitude_backward");
  private static final Operator MEAN = Operator.core("mean_stream");
  private static final Operator MEAN_BACKWARD = Operator.core("mean_stream_backward");
  private static final Operator ABOVE = Operator.core("above_quantile");
  private static final Operator ABOVE_BACKWARD = Operator.core("above_quantile_backward");
  private static final Operator QUANTILE = Operator.core("normal_quantile");
  private static final Operator TIMES = Operator.core("times_entries");
  private static final Operator TIMES_BACKWARD = Operator.core("times_entries_backward");
  private static final Operator UNIT = Operator.core("unit_rms");
  private static final Operator UNIT_NORM = Operator.core("unit_norm");
  private static final Operator UNIT_NORM_BACKWARD = Operator.core("unit_norm_backward");
  private static final Operator UNIT_BACKWARD = Operator.core("unit_rms_backward");
  private static final Operator SHAPED = Operator.core("shaped_as");
  private static final Operator IDS_BELOW = Operator.core("ids_below");

  private StreamOps() {}

  /**
   * Adds a mixture of all streams to each stream. Saves both for backward.
   *
   * @param x [B, T, S width]
   * @param coefficients [B, T, S S]: S of the first stream, then S of the second
   */
  public static Tensor mix(Ops ops, Tensor x, Tensor coefficients, int count) {
    return ops.recorded(
        MIX.tensor(x, coefficients, count),
        new Tensor[] {x, coefficients},
        dy -> MIX_BACKWARD.tensors(dy, x, coefficients, count),
        x,
        coefficients);
  }

  /**
   * Corrects every stream by the change that a layer made to the active one. Saves all for
   * backward.
   *
   * @param worked the active stream after the layer, [B, T, width]
   * @param coefficients correction coefficients minus 1, [B, T, S]
   */
  public static Tensor correct(Ops ops, Tensor x, Tensor worked, Tensor coefficients, int active) {
    return ops.recorded(
        CORRECT.tensor(x, worked, coefficients, active),
        new Tensor[] {x, worked, coefficients},
        dy -> CORRECT_BACKWARD.tensors(dy, x, worked, coefficients, active),
        x,
        worked,
        coefficients);
  }

  /**
   * Rescales vectors to the root mean square of others. Saves both for backward. Shape of {@code
   * y}: [.., width].
   */
  public static Tensor matched(Ops ops, Tensor y, Tensor other, double eps) {
    return ops.recorded(
        MATCH.tensor(y, other, eps),
        new Tensor[] {y, other},
        d -> MATCH_BACKWARD.tensors(d, y, other, eps),
        y,
        other);
  }

  /**
   * Mean of all streams. Saves nothing for backward.
   *
   * @return [B, T, width]
   */
  public static Tensor mean(Ops ops, Tensor x, int count) {
    return ops.recorded(MEAN.tensor(x, count), x, dy -> MEAN_BACKWARD.tensor(dy, count));
  }

  /**
   * Subtracts a quantile of the row, assuming a normal distribution, and sets negative results to
   * 0. Saves x and the result for backward. Shape of {@code x}: [.., width].
   */
  public static Tensor aboveQuantile(Ops ops, Tensor x, double share) {
    Tensor y = ABOVE.tensor(x, share);
    return ops.recorded(y, x, dy -> ABOVE_BACKWARD.tensor(dy, x, y, share), x, y);
  }

  /** Returns the quantile of the standard normal distribution that {@link #aboveQuantile} uses. */
  public static float quantile(double share) {
    try (Tensor any = Tensor.of(new float[1], 1);
        Tensor quantile = QUANTILE.tensor(any, share)) {
      return quantile.toFloats()[0];
    }
  }

  /**
   * Multiplies x by a factor per entry, or by one for all. Saves x for backward if factors are
   * trained. Shape of {@code factors}: [width], [heads, width] or [1]; [1] only if they are not
   * trained.
   */
  public static Tensor times(Ops ops, Tensor x, Parameter factors) {
    Tensor y = TIMES.tensor(x, factors.value());
    boolean trained = ops.trains(factors);
    return ops.recorded(
        ops.isDifferentiated(x) || trained,
        y,
        x,
        dy ->
            TIMES_BACKWARD.tensor(
                dy, trained ? x : dy, factors.value(), Parameter.gradientOf(factors)),
        trained ? new Tensor[] {x} : new Tensor[0]);
  }

  /** Root mean square normalization without a weight. Saves x for backward. */
  public static Tensor unitRms(Ops ops, Tensor x, double eps) {
    return ops.recorded(UNIT.tensor(x, eps), x, dy -> UNIT_BACKWARD.tensor(dy, x, eps), x);
  }

  /** Normalization to mean 0 and variance 1 without a weight. Saves x for backward. */
  public static Tensor unitNorm(Ops ops, Tensor x, double eps) {
    return ops.recorded(
        UNIT_NORM.tensor(x, eps), x, dy -> UNIT_NORM_BACKWARD.tensor(dy, x, eps), x);
  }

  /** Reshapes a tensor. Saves nothing for backward. */
  public static Tensor shaped(Ops ops, Tensor x, long... sizes) {
    long[] before = x.sizes();
    return ops.recorded(SHAPED.tensor(x, sizes), x, dy -> SHAPED.tensor(dy, before));
  }

  /**
   * Replaces ids at or above a limit by 0.
   *
   * @param ids I64 [B, T]
   * @return I64 [B, T]
   */
  public static Tensor idsBelow(Tensor ids, long limit) {
    return IDS_BELOW.tensor(ids, limit);
  }
}
