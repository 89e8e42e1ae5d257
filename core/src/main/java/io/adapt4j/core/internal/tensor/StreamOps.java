package io.adapt4j.core.internal.tensor;

/**
 * Several residual streams side by side, of which a layer works on one and corrects the others
 * (Baykal et al. 2023, AltUp), and the other parts of the models that have them.
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
   * Adds to each stream a mixture of all. Retains both.
   *
   * @param x [B, T, S width]
   * @param coefficients [B, T, S S]: S of the first stream, then S of the second
   */
  public static Tensor mix(Ops ops, Tensor x, Tensor coefficients, int count) {
    Tensor y = MIX.tensor(x, coefficients, count);
    if (ops.isDifferentiated(x) || ops.isDifferentiated(coefficients)) {
      ops.saveForBackward(x);
      ops.saveForBackward(coefficients);
      ops.record(
          new Tensor[] {y},
          new Tensor[] {x, coefficients},
          dy -> MIX_BACKWARD.tensors(dy[0], x, coefficients, count));
    }
    return y;
  }

  /**
   * Corrects every stream by what a layer changed in the active one. Retains all.
   *
   * @param worked what the layer made of the active stream, [B, T, width]
   * @param coefficients less 1, [B, T, S]
   */
  public static Tensor correct(Ops ops, Tensor x, Tensor worked, Tensor coefficients, int active) {
    Tensor y = CORRECT.tensor(x, worked, coefficients, active);
    if (ops.isDifferentiated(x)
        || ops.isDifferentiated(worked)
        || ops.isDifferentiated(coefficients)) {
      ops.saveForBackward(x);
      ops.saveForBackward(worked);
      ops.saveForBackward(coefficients);
      ops.record(
          new Tensor[] {y},
          new Tensor[] {x, worked, coefficients},
          dy -> CORRECT_BACKWARD.tensors(dy[0], x, worked, coefficients, active));
    }
    return y;
  }

  /**
   * Gives vectors the root mean square of others. Retains both.
   *
   * @param y [.., width]
   */
  public static Tensor matched(Ops ops, Tensor y, Tensor other, double eps) {
    Tensor z = MATCH.tensor(y, other, eps);
    if (ops.isDifferentiated(y) || ops.isDifferentiated(other)) {
      ops.saveForBackward(y);
      ops.saveForBackward(other);
      ops.record(
          new Tensor[] {z},
          new Tensor[] {y, other},
          d -> MATCH_BACKWARD.tensors(d[0], y, other, eps));
    }
    return z;
  }

  /**
   * The mean of all streams. Retains nothing.
   *
   * @return [B, T, width]
   */
  public static Tensor mean(Ops ops, Tensor x, int count) {
    Tensor y = MEAN.tensor(x, count);
    if (ops.isDifferentiated(x)) {
      ops.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {MEAN_BACKWARD.tensor(dy[0], count)});
    }
    return y;
  }

  /**
   * Keeps how far values lie above a quantile of their row, taken as normally distributed; the rest
   * becomes 0. Retains x and the result.
   *
   * @param x [.., width]
   */
  public static Tensor aboveQuantile(Ops ops, Tensor x, double share) {
    Tensor y = ABOVE.tensor(x, share);
    if (ops.isDifferentiated(x)) {
      ops.saveForBackward(x);
      ops.saveForBackward(y);
      ops.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {ABOVE_BACKWARD.tensor(dy[0], x, y, share)});
    }
    return y;
  }

  /** The quantile of a normal distribution that {@link #aboveQuantile} takes. */
  public static float quantile(double share) {
    try (Tensor any = Tensor.of(new float[1], 1);
        Tensor quantile = QUANTILE.tensor(any, share)) {
      return quantile.toFloats()[0];
    }
  }

  /**
   * x times one factor an entry, or one for all. Retains x where factors are trained.
   *
   * @param factors [width] or [1]; [1] only where they are not trained
   */
  public static Tensor times(Ops ops, Tensor x, Parameter factors) {
    Tensor y = TIMES.tensor(x, factors.value());
    boolean trained = ops.trains(factors);
    if (ops.isDifferentiated(x) || trained) {
      if (trained) {
        ops.saveForBackward(x);
      }
      ops.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy ->
              new Tensor[] {
                TIMES_BACKWARD.tensor(
                    dy[0], trained ? x : dy[0], factors.value(), Parameter.gradientOf(factors))
              });
    }
    return y;
  }

  /** Root mean square normalization without factors. Retains x. */
  public static Tensor unitRms(Ops ops, Tensor x, double eps) {
    Tensor y = UNIT.tensor(x, eps);
    if (ops.isDifferentiated(x)) {
      ops.saveForBackward(x);
      ops.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {UNIT_BACKWARD.tensor(dy[0], x, eps)});
    }
    return y;
  }

  /** Normalization to mean 0 and variance 1 without factors. Retains x. */
  public static Tensor unitNorm(Ops ops, Tensor x, double eps) {
    Tensor y = UNIT_NORM.tensor(x, eps);
    if (ops.isDifferentiated(x)) {
      ops.saveForBackward(x);
      ops.record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> new Tensor[] {UNIT_NORM_BACKWARD.tensor(dy[0], x, eps)});
    }
    return y;
  }

  /** The same values in other dimensions. Retains nothing. */
  public static Tensor shaped(Ops ops, Tensor x, long... sizes) {
    long[] before = x.sizes();
    Tensor y = SHAPED.tensor(x, sizes);
    if (ops.isDifferentiated(x)) {
      ops.record(
          new Tensor[] {y}, new Tensor[] {x}, dy -> new Tensor[] {SHAPED.tensor(dy[0], before)});
    }
    return y;
  }

  /**
   * Ids below a limit, and 0 in place of the others.
   *
   * @param ids I64 [B, T]
   * @return I64 [B, T]
   */
  public static Tensor idsBelow(Tensor ids, long limit) {
    return IDS_BELOW.tensor(ids, limit);
  }
}
