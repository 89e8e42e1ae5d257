package io.adapt4j.lora.internal;

import static io.adapt4j.lora.internal.LoraOperators.operator;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.HostKernels;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Products of a frozen weight with a low-rank update, computed by native kernels.
 *
 * @param weight [out, in]
 * @param a [rank, in]
 * @param b [out, rank]
 */
record FusedLinear(HostKernels kernels, Tensor weight, Tensor a, Tensor b) {

  // The operators that these kernels replace, including the products with the weight.
  private static final Operator FORWARD = operator("low_rank");
  private static final Operator BACKWARD = operator("low_rank_backward_input");
  private static final Operator GRADIENTS = operator("low_rank_backward");

  /**
   * The gradients.
   *
   * @param x gradient of the input, or null
   */
  record Gradients(@Nullable Tensor x, Tensor a, Tensor b) {}

  /** Returns the kernels that support these matrices, or null. */
  static @Nullable HostKernels kernels(Tensor x, Tensor weight, Tensor a, Tensor b) {
    boolean alike =
        a.size(0) % 2 == 0
            && weight.size(0) % 2 == 0
            && Stream.of(weight, a, b)
                .allMatch(tensor -> tensor.type() == x.type() && tensor.isContiguous());
    return alike ? HostKernels.planning(x, weight.size(0)).orElse(null) : null;
  }

  /** Computes x a' [rows, rank]. */
  Tensor projected(Tensor x) {
    Tensor h = Tensor.empty(x.type(), rows(x), a.size(0));
    x.engine().runs(FORWARD, () -> kernels.multiply(x, a, true, null, h, false));
    return h;
  }

  /** Allocates the output of {@link #forward}. */
  Tensor output(Tensor x) {
    return like(x, weight.size(0));
  }

  Tensor forward(Tensor x, Tensor h, @Nullable Tensor bias) {
    Tensor y = output(x);
    x.engine().runs(FORWARD, () -> kernels.multiplyPairs(x, weight, h, b, true, bias, y));
    return y;
  }

  Gradients backward(Tensor dy, Tensor x, Tensor h, boolean wantsInput) {
    Tensor plain = dy.isContiguous() ? dy : dy.copyAs(dy.type());
    Tensor da = Tensor.empty(x.type(), a.sizes());
    Tensor db = Tensor.empty(x.type(), b.sizes());
    Tensor dx = wantsInput ? like(x, weight.size(1)) : null;
    try (Tensor dh = Tensor.empty(x.type(), rows(x), a.size(0))) {
      x.engine()
          .runs(
              GRADIENTS,
              () -> {
                kernels.multiply(plain, b, false, null, dh, false);
                kernels.multiplyTransposed(dh, x, da);
                kernels.multiplyTransposed(plain, h, db);
              });
      if (dx != null) {
        x.engine()
            .runs(BACKWARD, () -> kernels.multiplyPairs(plain, weight, dh, a, false, null, dx));
      }
    }
    return new Gradients(dx, da, db);
  }

  private static long rows(Tensor x) {
    return x.count() / x.size(-1);
  }

  private static Tensor like(Tensor x, long width) {
    long[] sizes = x.sizes().clone();
    sizes[sizes.length - 1] = width;
    return Tensor.empty(x.type(), sizes);
  }
}
