package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Engine;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Temporaries;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Operators with a fused kernel ({@link HostKernels}): uses the kernel if it is present and
 * supports the tensors, otherwise the script.
 */
public final class FusedOps {

  private static final Operator LAYER_NORM = Operator.core("layer_norm");
  private static final Operator ADD = Operator.core("add");
  private static final Operator ADD_INTO = Operator.core("add_into");
  private static final Operator ACTIVATION = Operator.core("activation");
  private static final Operator ACTIVATION_IN_PLACE = Operator.core("activation_in_place");
  private static final Operator RMS_NORM =
      Operator.core("rms_norm").needing(Temporaries.floats(0, 2, 3));
  private static final Operator RMS_NORM_BACKWARD =
      Operator.core("rms_norm_backward").needing(Temporaries.floats(1, 2, 5));
  private static final Operator GATED = Operator.core("gated");
  private static final Operator GATED_BACKWARD =
      Operator.core("gated_backward").needing(Temporaries.like(0, 2));
  private static final Operator LINEAR = Operator.core("linear");
  private static final Operator LINEAR_BACKWARD_INPUT = Operator.core("linear_backward_input");
  private static final Operator LINEAR_BACKWARD_WEIGHT =
      Operator.core("linear_backward_weight").needing(FusedOps::roundedGradient);

  /** Scratch: contiguous keys and values, and three tensors of scores for a block of queries. */
  private static final Operator ATTENTION =
      Operator.core("attention").needing(Temporaries.like(1, 2).and(AttentionOps.scores(0, 1, 3)));

  /**
   * Additional scratch: a block's contribution to the gradients of keys and values, summed in F32.
   */
  private static final Operator ATTENTION_BACKWARD =
      Operator.core("attention_backward")
          .needing(
              Temporaries.like(2, 3)
                  .and(Temporaries.floats(2, 0, 2))
                  .and(AttentionOps.scores(1, 2, 5)));

  /**
   * With attention dropout, the scratch also has a mask and the dropped weights; with a bias, the
   * biased scores.
   */
  private static final Operator DROPPED_ATTENTION =
      Operator.core("attention").needing(Temporaries.like(1, 2).and(AttentionOps.scores(0, 1, 5)));

  private static final Operator DROPPED_ATTENTION_BACKWARD =
      Operator.core("attention_backward")
          .needing(
              Temporaries.like(2, 3)
                  .and(Temporaries.floats(2, 0, 2))
                  .and(AttentionOps.scores(1, 2, 7)));

  // Operators for shapes where kernels will run: these need no scratch, or contiguous keys and
  // values.
  private static final Operator RMS_NORM_SHAPE = Operator.core("rms_norm");
  private static final Operator RMS_NORM_BACKWARD_SHAPE = Operator.core("rms_norm_backward");
  private static final Operator GATED_BACKWARD_SHAPE = Operator.core("gated_backward");
  private static final Operator LINEAR_BACKWARD_WEIGHT_SHAPE =
      Operator.core("linear_backward_weight");
  private static final Operator ATTENTION_SHAPE =
      Operator.core("attention").needing(Temporaries.like(1, 2));
  private static final Operator ATTENTION_BACKWARD_SHAPE =
      Operator.core("attention_backward").needing(Temporaries.like(2, 4));

  private FusedOps() {}

  /** Returns the kernels if they support the device of a tensor. */
  private static Optional<HostKernels> of(Tensor x) {
    boolean onHost = onShapes(x) ? Engine.ofProcess().isOnHost() : x.engine().isOnHost();
    return onHost ? HostKernels.installed() : Optional.empty();
  }

  /** Returns whether only shapes are computed, to plan the memory of a pass. */
  public static boolean onShapes(Tensor x) {
    return x.engine().isOnShapes();
  }

  /** Returns the size of the weight gradient in the compute type, before it is accumulated. */
  private static long roundedGradient(Object[] arguments) {
    return ((Tensor) arguments[2]).count() * ((Tensor) arguments[0]).type().bytes();
  }

  private static boolean takesRows(HostKernels kernels, Tensor x) {
    return kernels.hasRows(x.type()) && x.isContiguous();
  }

  /** x + y, possibly in reused memory. */
  static Tensor add(Tensor x, Tensor y) {
    boolean alike =
        x.engine().isOnHost()
            && x.type() == y.type()
            && Arrays.equals(x.sizes(), y.sizes())
            && x.isContiguous()
            && y.isContiguous();
    if (!alike) {
      return ADD.tensor(x, y).typedAs(x);
    }
    Tensor sum = like(x);
    ADD_INTO.run(sum, x, y);
    return sum;
  }

  private static Tensor like(Tensor x) {
    return x.engine().empty(x.type(), x.sizes());
  }

  /**
   * Layer normalization; in training by the script, whose backward pass uses the same mean and
   * variance.
   */
  static Tensor layerNorm(
      Tensor x, Tensor weight, List<Tensor> bias, double eps, boolean isRecording) {
    HostKernels kernels = isRecording ? null : normalizing(x, weight, bias);
    return kernels == null
        ? LAYER_NORM.tensor(x, weight, bias, eps).typedAs(x)
        : normalized(kernels, x, null, weight, bias, eps);
  }

  /** Layer normalization of x + added, neither of which is needed by anything else. */
  static Tensor layerNormOfSum(
      Tensor x, Tensor added, Tensor weight, List<Tensor> bias, double eps) {
    HostKernels kernels = normalizing(x, weight, bias);
    if (kernels == null || added.type() != x.type() || !added.isContiguous()) {
      return layerNorm(ADD.tensor(x, added).typedAs(x), weight, bias, eps, false);
    }
    return normalized(kernels, x, added, weight, bias, eps);
  }

  private static Tensor normalized(
      HostKernels kernels, Tensor x, Tensor added, Tensor weight, List<Tensor> bias, double eps) {
    Tensor y = like(x);
    Tensor shift = bias.isEmpty() ? null : bias.get(0);
    x.engine().runs(LAYER_NORM, () -> kernels.layerNorm(x, added, weight, shift, eps, y));
    return y;
  }

  /** Returns the kernels if they support layer normalization of x, otherwise null. */
  private static HostKernels normalizing(Tensor x, Tensor weight, List<Tensor> bias) {
    HostKernels kernels = of(x).orElse(null);
    boolean taken =
        kernels != null
            && takesRows(kernels, x)
            && weight.type() == x.type()
            && bias.stream().allMatch(shift -> shift.type() == x.type())
            && !onShapes(x);
    return taken ? kernels : null;
  }

  /** Returns the kernels if they restore rows to this tensor, otherwise null. */
  static HostKernels restoring(Tensor y) {
    HostKernels kernels = of(y).orElse(null);
    return kernels != null && takesRows(kernels, y) && !onShapes(y) ? kernels : null;
  }

  static Tensor activation(Tensor x, Activation activation) {
    HostKernels kernels = activating(x, activation);
    if (kernels == null) {
      return ACTIVATION.tensor(x, activation.kind()).typedAs(x);
    }
    Tensor y = like(x);
    x.engine().runs(ACTIVATION, () -> kernels.activate(x, activation, y));
    return y;
  }

  /** Computes act(x) in place. */
  static Tensor activationInPlace(Tensor x, Activation activation) {
    HostKernels kernels = activating(x, activation);
    if (kernels == null) {
      return ACTIVATION_IN_PLACE.tensor(x, activation.kind());
    }
    x.engine().runs(ACTIVATION_IN_PLACE, () -> kernels.activate(x, activation, x));
    return x;
  }

  private static HostKernels activating(Tensor x, Activation activation) {
    HostKernels kernels = of(x).orElse(null);
    boolean taken =
        kernels != null
            && kernels.hasActivation(activation)
            && takesRows(kernels, x)
            && !onShapes(x);
    return taken ? kernels : null;
  }

  static Tensor rmsNorm(Tensor x, Tensor weight, double offset, double eps) {
    HostKernels kernels = of(x).orElse(null);
    if (kernels == null || !takesRows(kernels, x) || weight.type() != x.type()) {
      return RMS_NORM.tensor(x, weight, offset, eps).typedAs(x);
    }
    if (onShapes(x)) {
      return RMS_NORM_SHAPE.tensor(x, weight, offset, eps).typedAs(x);
    }
    Tensor y = like(x);
    x.engine().runs(RMS_NORM, () -> kernels.rmsNorm(x, weight, offset, eps, y));
    return y;
  }

  /** Computes the gradient by x and adds another one, which may be null. */
  static Tensor rmsNormBackward(
      Tensor dy,
      Tensor x,
      Tensor weight,
      double offset,
      double eps,
      List<Tensor> dweight,
      Tensor present) {
    HostKernels kernels = of(x).orElse(null);
    if (kernels == null
        || !takesRows(kernels, x)
        || weight.type() != x.type()
        || !dy.isContiguous()) {
      Tensor dx = RMS_NORM_BACKWARD.tensor(dy, x, weight, offset, eps, dweight).typedAs(x);
      return present == null ? dx : dx.plus(present);
    }
    if (onShapes(x)) {
      return RMS_NORM_BACKWARD_SHAPE.tensor(dy, x, weight, offset, eps, dweight).typedAs(x);
    }
    Tensor dx = like(x);
    Tensor gradient = dweight.isEmpty() ? null : dweight.get(0);
    boolean adds = present != null && present.type() == x.type() && present.isContiguous();
    Tensor added = adds ? present : null;
    x.engine()
        .runs(
            RMS_NORM_BACKWARD,
            () -> kernels.rmsNormBackward(dy, x, weight, offset, eps, added, dx, gradient));
    return present == null || adds ? dx : dx.plus(present);
  }

  static Tensor gated(Tensor x, Activation activation) {
    HostKernels kernels = of(x).orElse(null);
    if (kernels == null || !takesRows(kernels, x) || !kernels.hasGate(activation) || onShapes(x)) {
      return GATED.tensor(x, activation.kind()).typedAs(x);
    }
    long[] sizes = x.sizes().clone();
    sizes[sizes.length - 1] /= 2;
    Tensor y = x.engine().empty(x.type(), sizes);
    x.engine().runs(GATED, () -> kernels.gated(x, activation, y));
    return y;
  }

  static Tensor gatedBackward(Tensor dy, Tensor x, Activation activation) {
    HostKernels kernels = of(x).orElse(null);
    if (kernels == null
        || !takesRows(kernels, x)
        || !kernels.hasGate(activation)
        || !dy.isContiguous()) {
      return GATED_BACKWARD.tensor(dy, x, activation.kind()).typedAs(x);
    }
    if (onShapes(x)) {
      return GATED_BACKWARD_SHAPE.tensor(dy, x, activation.kind()).typedAs(x);
    }
    Tensor dx = like(x);
    x.engine().runs(GATED_BACKWARD, () -> kernels.gatedBackward(dy, x, activation, dx));
    return dx;
  }

  /** x W' + b. */
  public static Tensor linear(Tensor x, Tensor weight, List<Tensor> bias) {
    HostKernels kernels = of(x).orElse(null);
    if (kernels == null
        || !kernels.hasLinear(x.type(), x.count() / x.size(-1), x.size(-1), weight.size(0))
        || !isPlain(x, weight)) {
      return DnnLinear.takes(x, weight)
          ? DnnLinear.linear(x, weight, bias)
          : LINEAR.tensor(x, weight, bias).typedAs(x);
    }
    Tensor y = product(x, weight.size(0));
    x.engine()
        .runs(LINEAR, () -> kernels.linear(x, weight, bias.isEmpty() ? null : bias.get(0), y));
    return y;
  }

  /** dy W. */
  public static Tensor linearBackwardInput(Tensor dy, Tensor weight) {
    HostKernels kernels = multiplying(dy, weight, weight.size(0), weight.size(1));
    if (kernels == null) {
      return LINEAR_BACKWARD_INPUT.tensor(dy, weight).typedAs(dy);
    }
    Tensor dx = product(dy, weight.size(1));
    dy.engine()
        .runs(LINEAR_BACKWARD_INPUT, () -> kernels.multiply(dy, weight, false, null, dx, false));
    return dx;
  }

  /** Returns the kernels if they multiply these matrices faster, otherwise null. */
  private static HostKernels multiplying(Tensor x, Tensor weight, long depth, long columns) {
    HostKernels kernels = of(x).orElse(null);
    return kernels != null
            && kernels.multiplies(x.type(), x.count() / depth, depth, columns)
            && isPlain(x, weight)
        ? kernels
        : null;
  }

  private static boolean isPlain(Tensor x, Tensor weight) {
    return weight.type() == x.type() && x.isContiguous() && weight.isContiguous() && !onShapes(x);
  }

  /** Allocates the product of x with a matrix that has this many columns. */
  static Tensor product(Tensor x, long columns) {
    long[] sizes = x.sizes().clone();
    sizes[sizes.length - 1] = columns;
    return x.engine().empty(x.type(), sizes);
  }

  /** Adds dy' x to a weight gradient. */
  public static void linearBackwardWeight(Tensor dy, Tensor x, Tensor dweight) {
    HostKernels kernels = of(x).orElse(null);
    boolean taken =
        kernels != null
            && kernels.multiplies(x.type(), dweight.size(0), x.count() / dweight.size(1), 64)
            && dy.type() == x.type()
            && x.isContiguous()
            && dy.isContiguous();
    if (!taken) {
      LINEAR_BACKWARD_WEIGHT.run(dy, x, dweight);
    } else if (onShapes(x)) {
      LINEAR_BACKWARD_WEIGHT_SHAPE.run(dy, x, dweight);
    } else {
      x.engine().runs(LINEAR_BACKWARD_WEIGHT, () -> kernels.multiplyTransposed(dy, x, dweight));
    }
  }

  static Tensor attention(
      Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule, double drop) {
    HostKernels kernels = drop > 0 ? null : attending(q, mask, rule);
    if (kernels == null || onShapes(q)) {
      Operator plain = drop > 0 || rule.alibi() > 0 ? DROPPED_ATTENTION : ATTENTION;
      Operator operator = kernels == null ? plain : ATTENTION_SHAPE;
      return operator.tensor(
          q,
          k,
          v,
          masks(mask),
          rule.scale(),
          rule.softCap(),
          rule.causal(),
          rule.window(),
          drop,
          rule.alibi());
    }
    Tensor y = q.engine().empty(q.type(), q.size(0), q.size(2), q.size(1) * q.size(3));
    q.engine().runs(ATTENTION, () -> kernels.attend(q, k, v, rule, y));
    return y;
  }

  static Tensor[] attentionBackward(
      Tensor dy, Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule, double drop) {
    HostKernels kernels = drop == 0 && dy.isContiguous() ? attending(q, mask, rule) : null;
    if (kernels == null || onShapes(q)) {
      Operator plain =
          drop > 0 || rule.alibi() > 0 ? DROPPED_ATTENTION_BACKWARD : ATTENTION_BACKWARD;
      Operator operator = kernels == null ? plain : ATTENTION_BACKWARD_SHAPE;
      return operator.tensors(
          dy,
          q,
          k,
          v,
          masks(mask),
          rule.scale(),
          rule.softCap(),
          rule.causal(),
          rule.window(),
          drop,
          rule.alibi());
    }
    Tensor[] gradients = {like(q), like(k), like(v)};
    q.engine()
        .runs(
            ATTENTION_BACKWARD,
            () ->
                kernels.attendBackward(
                    dy, q, k, v, rule, gradients[0], gradients[1], gradients[2]));
    return gradients;
  }

  /**
   * Returns the kernels if they support rotating queries and keys of a joined projection, otherwise
   * null.
   */
  static HostKernels rotating(Tensor projected, JoinedHeads heads, RotaryTable table) {
    HostKernels kernels = of(projected).orElse(null);
    return kernels != null
            && kernels.attends(projected.type(), heads.dim())
            && projected.isContiguous()
            && table.cos().type() == projected.type()
            && 2 * table.cos().size(-1) <= heads.dim()
        ? kernels
        : null;
  }

  static Tensor rotatedAttention(
      HostKernels kernels,
      Tensor projected,
      JoinedHeads heads,
      RotaryTable table,
      AttentionRule rule) {
    long width = heads.query() * heads.dim();
    Tensor y =
        projected.engine().empty(projected.type(), projected.size(0), projected.size(1), width);
    projected
        .engine()
        .runs(ATTENTION, () -> kernels.attendRotated(projected, heads, table, rule, y));
    return y;
  }

  static Tensor rotatedAttentionBackward(
      HostKernels kernels,
      Tensor dy,
      Tensor projected,
      JoinedHeads heads,
      RotaryTable table,
      AttentionRule rule) {
    Tensor dprojected = like(projected);
    Tensor plain = dy.isContiguous() ? dy : dy.copyAs(dy.type());
    projected
        .engine()
        .runs(
            ATTENTION_BACKWARD,
            () -> kernels.attendRotatedBackward(plain, projected, heads, table, rule, dprojected));
    return dprojected;
  }

  /** Returns whether kernels support attention over a key cache for any number of queries. */
  static boolean attends(Tensor q, Tensor mask, AttentionRule rule) {
    return attending(q, mask, rule) != null && !onShapes(q);
  }

  /**
   * Returns the kernels if they support cross-entropy of logits for these hidden states, otherwise
   * null.
   */
  public static HostKernels scoring(Tensor hidden, Tensor targets) {
    HostKernels kernels = of(hidden).orElse(null);
    return kernels != null && takesRows(kernels, hidden) && targets.isContiguous() ? kernels : null;
  }

  private static HostKernels attending(Tensor q, Tensor mask, AttentionRule rule) {
    HostKernels kernels = mask == null && rule.alibi() == 0 ? of(q).orElse(null) : null;
    return kernels != null && kernels.attends(q.type(), q.size(3)) ? kernels : null;
  }

  private static List<Tensor> masks(Tensor mask) {
    return mask == null ? List.of() : List.of(mask);
  }
}
