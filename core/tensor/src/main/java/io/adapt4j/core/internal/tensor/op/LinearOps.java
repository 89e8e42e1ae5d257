package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.function.BiConsumer;

/** Linear layers. */
abstract class LinearOps extends BasicOps {

  private static final Operator LINEAR_BACKWARD_BIAS = Operator.core("linear_backward_bias");
  private static final Operator FOREIGN_OPERANDS = Operator.core("foreign_operands");
  private static final Operator ADD_BIAS = Operator.core("add_bias");

  LinearOps(Tape tape) {
    super(tape);
  }

  /**
   * y = x W' + b. Saves x for backward only if W is trained.
   *
   * @param x [.., in]
   * @param weight W [out, in]
   * @param bias b [out], or null
   * @return [.., out]
   */
  public Tensor linear(Tensor x, Parameter weight, Parameter bias) {
    return linear(FusedOps.linear(x, weight.value(), Parameter.valueOf(bias)), x, weight, bias);
  }

  /**
   * Records {@link #linear} without computing it, for passes in which only the gradient matters.
   *
   * @return [.., out], with undefined values
   */
  public Tensor uncomputedLinear(Tensor x, Parameter weight, Parameter bias) {
    return linear(FusedOps.product(x, weight.sizes()[0]), x, weight, bias);
  }

  private Tensor linear(Tensor y, Tensor x, Parameter weight, Parameter bias) {
    boolean wantsInput = isDifferentiated(x);
    if (wantsInput || trains(weight) || trains(bias)) {
      if (trains(weight)) {
        saveForBackward(x);
      }
      record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> {
            if (weight.isTrained()) {
              FusedOps.linearBackwardWeight(dy[0], x, weight.gradient());
            }
            if (bias != null && bias.isTrained()) {
              LINEAR_BACKWARD_BIAS.run(dy[0], bias.gradient());
            }
            return new Tensor[] {
              wantsInput ? FusedOps.linearBackwardInput(dy[0], weight.value()) : null
            };
          });
    }
    return y;
  }

  /**
   * y = x W' + b with a frozen weight that is dequantized on demand, and again in backward. Saves
   * nothing for backward.
   *
   * @param bias b [out], or null; may be trained
   */
  public Tensor frozenLinear(Tensor x, OnDemandWeight weight, Parameter bias) {
    DType type = x.type();
    Tensor y = weight.using(type, w -> FusedOps.linear(x, w, Parameter.valueOf(bias)));
    boolean wantsInput = isDifferentiated(x);
    if (wantsInput || trains(bias)) {
      record(
          new Tensor[] {y},
          new Tensor[] {x},
          dy -> {
            if (bias != null && bias.isTrained()) {
              LINEAR_BACKWARD_BIAS.run(dy[0], bias.gradient());
            }
            return new Tensor[] {
              wantsInput ? weight.using(type, w -> FusedOps.linearBackwardInput(dy[0], w)) : null
            };
          });
    }
    return y;
  }

  /**
   * y = x W' + b with a kernel outside of libtorch; inference only.
   *
   * @param product receives x as [n, in], contiguous, and a tensor [n, out] to overwrite with x W'
   */
  public Tensor customKernelLinear(
      Tensor x, long out, BiConsumer<Tensor, Tensor> product, Parameter bias) {
    if (isRecording()) {
      throw new IllegalStateException("A custom kernel has no derivative");
    }
    long[] sizes = x.sizes().clone();
    sizes[sizes.length - 1] = out;
    Tensor[] made = FOREIGN_OPERANDS.tensors(x, sizes);
    for (Tensor operand : made) {
      operand.typedAs(x);
    }
    try (Tensor rows = made[0];
        Tensor y = made[1]) {
      product.accept(rows, y);
    }
    if (bias != null) {
      ADD_BIAS.run(made[2], bias.value());
    }
    return made[2];
  }
}
