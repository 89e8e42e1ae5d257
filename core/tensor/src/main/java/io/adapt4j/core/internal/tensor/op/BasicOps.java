package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Temporaries;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Recorder;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Position-wise operators and operators over the positions of a row. */
abstract class BasicOps extends Recorder {

  private static final Tensor[] NONE = {};

  private static final Operator EMBEDDING = Operator.core("embedding");
  private static final Operator EMBEDDING_BACKWARD = Operator.core("embedding_backward");
  private static final Operator PADDED_EMBEDDING_BACKWARD =
      Operator.core("padded_embedding_backward");
  private static final Operator LAYER_NORM_BACKWARD =
      Operator.core("layer_norm_backward").needing(Temporaries.floats(1, 2, 5));
  private static final Operator PLUS = Operator.core("plus");
  private static final Operator SPLIT_COLUMNS = Operator.core("split_columns");
  private static final Operator CONCATENATE = Operator.core("concatenate");
  private static final Operator ACTIVATION_BACKWARD = Operator.core("activation_backward");
  private static final Operator XIELU = Operator.core("xielu").needing(Temporaries.floats(0, 5, 6));
  private static final Operator XIELU_BACKWARD =
      Operator.core("xielu_backward").needing(Temporaries.floats(1, 8, 10));
  private static final Operator SCALED = Operator.core("scaled");
  private static final Operator POOL = Operator.core("pool");
  private static final Operator POOL_BACKWARD = Operator.core("pool_backward");
  private static final Operator MAX_POOL = Operator.core("max_pool");
  private static final Operator MAX_POOL_BACKWARD = Operator.core("max_pool_backward");
  private static final Operator NORMALIZE = Operator.core("normalize");
  private static final Operator NORMALIZE_BACKWARD = Operator.core("normalize_backward");
  private static final Operator ADD_SCALED = Operator.core("add_scaled");
  private static final Operator GATHER_ROWS = Operator.core("gather_rows");
  private static final Operator SCATTER_ROWS = Operator.core("scatter_rows");

  BasicOps(Tape tape) {
    super(tape);
  }

  /**
   * Looks up rows.
   *
   * @param ids token ids [B, T]
   * @param weight table [V, hidden]
   * @return [B, T, hidden]
   */
  public Tensor embedding(Tensor ids, Parameter weight) {
    return embedding(ids, weight, dy -> EMBEDDING_BACKWARD.run(dy, ids, weight.gradient()));
  }

  /** Looks up rows. The padding row receives no gradient. */
  public Tensor embedding(Tensor ids, Parameter weight, long padding) {
    return embedding(
        ids, weight, dy -> PADDED_EMBEDDING_BACKWARD.run(dy, ids, weight.gradient(), padding));
  }

  private Tensor embedding(Tensor ids, Parameter weight, Consumer<Tensor> backward) {
    return recorded(
        trains(weight),
        EMBEDDING.tensor(ids, weight.value()).typedAs(weight.value()),
        NONE,
        dy -> {
          backward.accept(dy);
          return NONE;
        },
        ids);
  }

  /**
   * Root mean square normalization (Zhang and Sennrich 2019). Saves x for backward.
   *
   * @param x [.., hidden]
   * @param weight [hidden]
   */
  public Tensor rmsNorm(Tensor x, Parameter weight, double offset, double eps) {
    Tensor y = FusedOps.rmsNorm(x, weight.value(), offset, eps);
    if (isDifferentiated(x) || trains(weight)) {
      saveForBackward(x);
      tape.recordAdding(
          y,
          x,
          (dy, present) ->
              FusedOps.rmsNormBackward(
                  dy, x, weight.value(), offset, eps, Parameter.gradientOf(weight), present));
    }
    return y;
  }

  /**
   * Layer normalization (Ba et al. 2016). Saves x for backward. Shape of {@code bias}: [hidden], or
   * null.
   */
  public Tensor layerNorm(Tensor x, Parameter weight, Parameter bias, double eps) {
    return layerNorm(x, weight, weight.value(), bias, eps);
  }

  /**
   * Layer normalization whose weight is stored as the difference from {@code offset}; otherwise
   * like {@link #layerNorm(Tensor, Parameter, Parameter, double)}.
   */
  public Tensor layerNorm(Tensor x, Parameter weight, double offset, Parameter bias, double eps) {
    return layerNorm(x, weight, PLUS.tensor(weight.value(), offset), bias, eps);
  }

  private Tensor layerNorm(Tensor x, Parameter weight, Tensor factors, Parameter bias, double eps) {
    Tensor y = FusedOps.layerNorm(x, factors, Parameter.valueOf(bias), eps, isRecording());
    return recorded(
        isDifferentiated(x) || trains(weight) || trains(bias),
        y,
        x,
        dy ->
            LAYER_NORM_BACKWARD.tensor(
                dy, x, factors, eps, Parameter.gradientOf(weight), Parameter.gradientOf(bias)),
        factors == weight.value() ? new Tensor[] {x} : new Tensor[] {x, factors});
  }

  /**
   * Layer normalization of x + added, for sums that nothing else needs. Saves the sum for backward.
   */
  public Tensor layerNormOfSum(
      Tensor x, Tensor added, Parameter weight, Parameter bias, double eps) {
    return isRecording()
        ? layerNorm(add(x, added), weight, bias, eps)
        : FusedOps.layerNormOfSum(x, added, weight.value(), Parameter.valueOf(bias), eps);
  }

  /** x divided by its Euclidean length. Saves x for backward. */
  public Tensor normalize(Tensor x) {
    return recorded(NORMALIZE.tensor(x), x, dy -> NORMALIZE_BACKWARD.tensor(dy, x), x);
  }

  /** act(x). Saves x for backward. */
  public Tensor activation(Tensor x, Activation activation) {
    return recorded(
        FusedOps.activation(x, activation),
        x,
        dy -> ACTIVATION_BACKWARD.tensor(dy, x, activation.kind()),
        x);
  }

  /** act(x) for an x that nothing else needs: without a tape the result overwrites it. */
  public Tensor activationOf(Tensor x, Activation activation) {
    return !isRecording() ? FusedOps.activationInPlace(x, activation) : activation(x, activation);
  }

  /** xIELU (Huang and Schlag 2024). Saves x for backward. */
  public Tensor xielu(Tensor x, Parameter above, Parameter below) {
    return recorded(
        isDifferentiated(x) || trains(above) || trains(below),
        XIELU.tensor(x, above.value(), below.value()),
        x,
        dy ->
            XIELU_BACKWARD.tensor(
                dy,
                x,
                above.value(),
                below.value(),
                Parameter.gradientOf(above),
                Parameter.gradientOf(below)),
        x);
  }

  /**
   * act(gate) times up (Shazeer 2020). Saves x for backward.
   *
   * @param x concatenated gate and up [.., 2 width]
   * @return [.., width]
   */
  public Tensor gated(Tensor x, Activation activation) {
    return recorded(
        FusedOps.gated(x, activation), x, dy -> FusedOps.gatedBackward(dy, x, activation), x);
  }

  /** x times a number. */
  public Tensor scaled(Tensor x, double factor) {
    if (factor == 1) {
      return x;
    }
    return recorded(SCALED.tensor(x, factor), x, dy -> SCALED.tensor(dy, factor));
  }

  public Tensor add(Tensor x, Tensor y, double factor) {
    if (factor == 1) {
      return add(x, y);
    }
    return recorded(
        ADD_SCALED.tensor(x, y, factor),
        new Tensor[] {x, y},
        d -> new Tensor[] {d, SCALED.tensor(d, factor)});
  }

  public Tensor add(Tensor x, Tensor y) {
    return recorded(FusedOps.add(x, y), new Tensor[] {x, y}, d -> new Tensor[] {d, d});
  }

  /** Records x + y without computing it, for passes in which only the gradient matters. */
  public Tensor uncomputedSum(Tensor x, Tensor y) {
    return recorded(
        x.engine().empty(x.type(), x.sizes()), new Tensor[] {x, y}, d -> new Tensor[] {d, d});
  }

  /**
   * Splits the last dimension. Saves nothing for backward: the parts are views.
   *
   * @param x [.., sum(widths)]
   * @return one tensor [.., width] per part
   */
  public Tensor[] splitColumns(Tensor x, long... widths) {
    Tensor[] parts = SPLIT_COLUMNS.tensors(x, widths);
    if (isDifferentiated(x)) {
      record(parts, new Tensor[] {x}, d -> new Tensor[] {CONCATENATE.tensor(d, -1)});
    }
    return parts;
  }

  /** Splits columns into parts of equal width. */
  public Tensor[] splitEvenly(Tensor x, int count) {
    long[] widths = new long[count];
    Arrays.fill(widths, x.size(-1) / count);
    return splitColumns(x, widths);
  }

  /**
   * Concatenates tensors along the last dimension. Saves nothing for backward.
   *
   * @param parts one or more [.., width]
   * @return [.., sum of the widths]; the part itself if there is only one
   */
  public Tensor joinColumns(List<Tensor> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    long[] widths = parts.stream().mapToLong(part -> part.size(-1)).toArray();
    return recorded(
        CONCATENATE.tensor(parts, -1),
        parts.toArray(new Tensor[0]),
        dy -> SPLIT_COLUMNS.tensors(dy, widths));
  }

  /**
   * Gathers the rows of some positions, such as those with a target.
   *
   * @param x [B, T, hidden]
   * @param index positions in row-major order, I64 [N]
   * @return [N, hidden]
   */
  public Tensor gatherRows(Tensor x, Tensor index) {
    long[] sizes = x.sizes();
    return recorded(
        GATHER_ROWS.tensor(x, index), x, dy -> SCATTER_ROWS.tensor(dy, index, sizes), index);
  }

  /**
   * Weighted sum over positions, such as a mean.
   *
   * @param weights F32 [B, T]
   * @return [B, hidden]
   */
  public Tensor pool(Tensor x, Tensor weights) {
    return recorded(POOL.tensor(x, weights), x, dy -> POOL_BACKWARD.tensor(dy, weights), weights);
  }

  /**
   * Maximum over positions. Saves x for backward.
   *
   * @param mask 1 on tokens and 0 on padding, I64 [B, T]
   */
  public Tensor maxPool(Tensor x, Tensor mask) {
    return recorded(
        MAX_POOL.tensor(x, mask), x, dy -> MAX_POOL_BACKWARD.tensor(dy, x, mask), x, mask);
  }
}
