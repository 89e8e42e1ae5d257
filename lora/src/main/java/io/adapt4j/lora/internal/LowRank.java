package io.adapt4j.lora.internal;

import static io.adapt4j.lora.internal.LoraOperators.operator;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scratch;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.HostKernels;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Low-rank updates of a weight (Hu et al. 2021, eq. 3), and several updates of one weight, with
 * different ranks, rows and scales, packed into one pair of matrices.
 *
 * <p>In the packed pair, a [sum of ranks, in] holds the A matrices stacked by rows; b [out, sum of
 * ranks] holds the scaled B matrix of update i in that update's columns and output rows, and zeros
 * elsewhere.
 */
public final class LowRank {

  private static final Operator LOW_RANK = operator("low_rank").needing(projections(1, 1));
  private static final Operator LOW_RANK_BACKWARD =
      operator("low_rank_backward").needing(projections(1, 2));
  private static final Operator LOW_RANK_BACKWARD_INPUT = operator("low_rank_backward_input");
  private static final Operator LOW_RANK_COMPOSE = operator("low_rank_compose");
  private static final Operator LOW_RANK_ACCUMULATE = operator("low_rank_accumulate");
  private static final Operator LOW_RANK_MERGE = operator("low_rank_merge");

  private LowRank() {}

  /** Returns the scratch memory for projections of x to the rank, where a follows x. */
  private static Scratch projections(int input, int count) {
    return arguments -> {
      Tensor x = (Tensor) arguments[input];
      Tensor a = (Tensor) arguments[input + 1];
      return count * (x.count() / x.size(-1)) * a.size(0) * x.type().bytes();
    };
  }

  /**
   * Adds a low-rank update (x a') b' to y in place (Hu et al. 2021, eq. 3). Saves x for backward.
   *
   * @param y the base layer's output [.., out]; not to be used afterwards
   * @param x the update's input [.., in]
   * @param a [rank, in]
   * @param b [out, rank], with any scale already inside
   */
  public static Tensor add(
      Ops ops, Tensor y, Tensor x, Tensor a, Tensor b, BiConsumer<Tensor, Tensor> gradients) {
    return ops.recorded(
        ops.isRecording(),
        sum(y, x, a, b),
        new Tensor[] {y, x},
        dy -> {
          Tensor[] d = backward(dy, x, a, b);
          gradients.accept(d[1], d[2]);
          return new Tensor[] {dy, d[0]};
        },
        x);
  }

  /**
   * A frozen weight and its low-rank update as one operator: y = x w' + bias + (x a') b'. The
   * second product of the update is added to the weight's before either is rounded, forward and
   * backward. Saves x and its projection for backward.
   *
   * @param x [.., in]
   * @param weight w [out, in]
   * @param bias [out], or null
   * @return [.., out]; null if no kernels support it
   */
  public static @Nullable Tensor linear(
      Ops ops,
      Tensor x,
      Tensor weight,
      @Nullable Tensor bias,
      Tensor a,
      Tensor b,
      boolean computed,
      BiConsumer<Tensor, Tensor> gradients) {
    HostKernels kernels = FusedLinear.kernels(x, weight, a, b);
    if (kernels == null) {
      return null;
    }
    FusedLinear fused = new FusedLinear(kernels, weight, a, b);
    Tensor h = fused.projected(x);
    Tensor y = computed ? fused.forward(x, h, bias) : fused.output(x);
    boolean wantsInput = ops.isDifferentiated(x);
    return ops.recorded(
        ops.isRecording(),
        y,
        x,
        dy -> {
          FusedLinear.Gradients made = fused.backward(dy, x, h, wantsInput);
          gradients.accept(made.a(), made.b());
          return made.x();
        },
        x,
        h);
  }

  /** Returns the kernels that multiply such matrices faster, or null. */
  private static @Nullable HostKernels kernels(Tensor x, Tensor y, Tensor a, Tensor b) {
    boolean alike =
        a.size(0) % 2 == 0
            && b.size(0) % 2 == 0
            && List.of(y, a, b).stream()
                .allMatch(tensor -> tensor.type() == x.type() && tensor.isContiguous());
    return alike ? HostKernels.multiplying(x, a.size(0)).orElse(null) : null;
  }

  private static Tensor sum(Tensor y, Tensor x, Tensor a, Tensor b) {
    HostKernels kernels = kernels(x, y, a, b);
    if (kernels == null) {
      return LOW_RANK.tensor(y, x, a, b);
    }
    try (Tensor h = projected(kernels, x, a, true)) {
      kernels.multiply(h, b, true, null, y, true);
    }
    return y.narrow(0, 0, y.size(0));
  }

  /** Returns the gradients of x, a and b. */
  private static Tensor[] backward(Tensor dy, Tensor x, Tensor a, Tensor b) {
    HostKernels kernels = kernels(x, dy, a, b);
    if (kernels == null) {
      return LOW_RANK_BACKWARD.tensors(dy, x, a, b);
    }
    Tensor dx = Tensor.empty(x.type(), x.sizes());
    Tensor da = Tensor.empty(x.type(), a.sizes());
    Tensor db = Tensor.empty(x.type(), b.sizes());
    try (Tensor h = projected(kernels, x, a, true);
        Tensor dh = projected(kernels, dy, b, false)) {
      kernels.multiply(dh, a, false, null, dx, false);
      kernels.multiplyTransposed(dh, x, da);
      kernels.multiplyTransposed(dy, h, db);
    }
    return new Tensor[] {dx, da, db};
  }

  private static Tensor projected(
      HostKernels kernels, Tensor x, Tensor factor, boolean transposed) {
    long rank = factor.size(transposed ? 0 : 1);
    Tensor h = Tensor.empty(x.type(), x.count() / x.size(-1), rank);
    kernels.multiply(x, factor, transposed, null, h, false);
    return h;
  }

  /** Adds a low-rank update with frozen matrices to y in place. Saves nothing for backward. */
  public static Tensor addFrozen(Ops ops, Tensor y, Tensor x, Tensor a, Tensor b) {
    return ops.recorded(
        sum(y, x, a, b),
        new Tensor[] {y, x},
        dy -> new Tensor[] {dy, LOW_RANK_BACKWARD_INPUT.tensor(dy, a, b)});
  }

  /** Row offsets of the updates in the packed B, and their scales. */
  @SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
  public record Layout(long[] starts, double[] scales) {}

  /**
   * Writes scaled B matrices into the packed one.
   *
   * @param factors one [rows, rank] per update
   */
  public static void pack(Tensor packed, List<Tensor> factors, Layout layout) {
    LOW_RANK_COMPOSE.run(packed, factors, layout.starts(), layout.scales());
  }

  /** Adds the gradients of the packed pair to those of the updates. */
  public static void accumulate(
      Tensor da, Tensor db, Tensor first, List<Tensor> second, Layout layout) {
    LOW_RANK_ACCUMULATE.run(da, db, first, second, layout.starts(), layout.scales());
  }

  /**
   * Adds an update to a weight in place; computed in F32 and rounded once.
   *
   * @param weight [rows, in], any floating type
   * @param a F32 [rank, in]
   * @param b F32 [rows, rank]
   */
  public static void merge(Tensor weight, Tensor a, Tensor b, double scale) {
    LOW_RANK_MERGE.run(weight, a, b, scale);
  }
}
