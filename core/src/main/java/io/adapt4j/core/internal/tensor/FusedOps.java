package io.adapt4j.core.internal.tensor;

import java.util.List;
import java.util.Optional;

/**
 * Operators that have a kernel which does the same in one pass ({@link HostKernels}): that where it
 * is present and takes these tensors, else the script.
 */
final class FusedOps {

  private static final Operator RMS_NORM = Operator.core("rms_norm");
  private static final Operator RMS_NORM_BACKWARD = Operator.core("rms_norm_backward");
  private static final Operator GATED = Operator.core("gated");
  private static final Operator GATED_BACKWARD = Operator.core("gated_backward");
  private static final Operator LINEAR = Operator.core("linear");
  private static final Operator LINEAR_BACKWARD_INPUT = Operator.core("linear_backward_input");
  private static final Operator ATTENTION = Operator.core("attention");
  private static final Operator ATTENTION_BACKWARD = Operator.core("attention_backward");

  private FusedOps() {}

  /** The kernels, where they take tensors like this one. */
  private static Optional<HostKernels> of(Tensor x) {
    return x.engine().isOnHost() ? HostKernels.installed() : Optional.empty();
  }

  private static boolean takesRows(HostKernels kernels, Tensor x) {
    return kernels.hasRows(x.type()) && x.isContiguous();
  }

  private static Tensor like(Tensor x) {
    return x.engine().empty(x.type(), x.sizes());
  }

  static Tensor rmsNorm(Tensor x, Tensor weight, double offset, double eps) {
    HostKernels kernels = of(x).orElse(null);
    if (kernels == null || !takesRows(kernels, x) || weight.type() != x.type()) {
      return RMS_NORM.tensor(x, weight, offset, eps).typedAs(x);
    }
    Tensor y = like(x);
    kernels.rmsNorm(x, weight, offset, eps, y);
    return y;
  }

  static Tensor rmsNormBackward(
      Tensor dy, Tensor x, Tensor weight, double offset, double eps, List<Tensor> dweight) {
    HostKernels kernels = of(x).orElse(null);
    if (kernels == null
        || !takesRows(kernels, x)
        || weight.type() != x.type()
        || !dy.isContiguous()) {
      return RMS_NORM_BACKWARD.tensor(dy, x, weight, offset, eps, dweight).typedAs(x);
    }
    Tensor dx = like(x);
    kernels.rmsNormBackward(
        dy, x, weight, offset, eps, dx, dweight.isEmpty() ? null : dweight.get(0));
    return dx;
  }

  static Tensor gated(Tensor x, Activation activation) {
    HostKernels kernels = of(x).orElse(null);
    if (kernels == null || !takesRows(kernels, x) || !kernels.hasGate(activation)) {
      return GATED.tensor(x, activation.kind()).typedAs(x);
    }
    long[] sizes = x.sizes().clone();
    sizes[sizes.length - 1] /= 2;
    Tensor y = x.engine().empty(x.type(), sizes);
    kernels.gated(x, activation, y);
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
    Tensor dx = like(x);
    kernels.gatedBackward(dy, x, activation, dx);
    return dx;
  }

  /** x W' + b. */
  static Tensor linear(Tensor x, Tensor weight, List<Tensor> bias) {
    HostKernels kernels = multiplying(x, weight, weight.size(1), weight.size(0));
    if (kernels == null) {
      return LINEAR.tensor(x, weight, bias).typedAs(x);
    }
    Tensor y = product(x, weight.size(0));
    kernels.multiply(x, weight, true, bias.isEmpty() ? null : bias.get(0), y, false);
    return y;
  }

  /** dy W. */
  static Tensor linearBackwardInput(Tensor dy, Tensor weight) {
    HostKernels kernels = multiplying(dy, weight, weight.size(0), weight.size(1));
    if (kernels == null) {
      return LINEAR_BACKWARD_INPUT.tensor(dy, weight).typedAs(dy);
    }
    Tensor dx = product(dy, weight.size(1));
    kernels.multiply(dy, weight, false, null, dx, false);
    return dx;
  }

  /** The kernels where they multiply such matrices faster, else null. */
  private static HostKernels multiplying(Tensor x, Tensor weight, long depth, long columns) {
    HostKernels kernels = of(x).orElse(null);
    return kernels != null
            && kernels.multiplies(x.type(), x.count() / depth, depth, columns)
            && weight.type() == x.type()
            && x.isContiguous()
            && weight.isContiguous()
        ? kernels
        : null;
  }

  private static Tensor product(Tensor x, long columns) {
    long[] sizes = x.sizes().clone();
    sizes[sizes.length - 1] = columns;
    return x.engine().empty(x.type(), sizes);
  }

  static Tensor attention(Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule) {
    HostKernels kernels = attending(q, mask);
    if (kernels == null) {
      return ATTENTION.tensor(
          q, k, v, masks(mask), rule.scale(), rule.softCap(), rule.causal(), rule.window());
    }
    Tensor y = q.engine().empty(q.type(), q.size(0), q.size(2), q.size(1) * q.size(3));
    kernels.attend(q, k, v, rule, y);
    return y;
  }

  static Tensor[] attentionBackward(
      Tensor dy, Tensor q, Tensor k, Tensor v, Tensor mask, AttentionRule rule) {
    HostKernels kernels = dy.isContiguous() ? attending(q, mask) : null;
    if (kernels == null) {
      return ATTENTION_BACKWARD.tensors(
          dy, q, k, v, masks(mask), rule.scale(), rule.softCap(), rule.causal(), rule.window());
    }
    Tensor[] gradients = {like(q), like(k), like(v)};
    kernels.attendBackward(dy, q, k, v, rule, gradients[0], gradients[1], gradients[2]);
    return gradients;
  }

  /** The kernels where they score rows of logits like these hidden states, else null. */
  static HostKernels scoring(Tensor hidden, Tensor targets) {
    HostKernels kernels = of(hidden).orElse(null);
    return kernels != null && takesRows(kernels, hidden) && targets.isContiguous() ? kernels : null;
  }

  private static HostKernels attending(Tensor q, Tensor mask) {
    HostKernels kernels = mask == null ? of(q).orElse(null) : null;
    return kernels != null && kernels.attends(q.type(), q.size(3)) ? kernels : null;
  }

  private static List<Tensor> masks(Tensor mask) {
    return mask == null ? List.of() : List.of(mask);
  }
}
