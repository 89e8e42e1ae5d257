package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.DynamicCode;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.optim.Optimizer;
import java.util.ArrayList;
import java.util.List;

/** State of AdamW with 8-bit moments for large tensors. */
final class AdamW8bitState extends OptimizerState {

  private static final int BLOCK = 256;

  /**
   * Minimum number of elements for quantized moments. Smaller tensors take few bytes, and their
   * moments matter most (Dettmers et al. 2022).
   */
  private static final int SMALLEST = 4096;

  /** Number of blocks an update handles at once, as in the reference script. */
  private static final long PIECE = 4096;

  /**
   * Working memory per element of a piece, in bytes: two fp32 moments, a root or normalized value,
   * and 64-bit code indices.
   */
  private static final long PIECE_WORK = 4 * Float.BYTES + Long.BYTES;

  private final Optimizer.AdamW8bit options;
  private final double weightDecay;
  private final List<TensorLists.Moments> moments = new ArrayList<>();
  private final DynamicCode signed = DynamicCode.signed();
  private final DynamicCode unsigned = DynamicCode.unsigned();

  AdamW8bitState(
      List<Trainable> trained,
      Optimizer.AdamW8bit options,
      double weightDecay,
      StateMemory memory) {
    super(trained, memory);
    this.options = options;
    this.weightDecay = weightDecay;
    for (Trainable parameter : trained) {
      long count = parameter.value().count();
      moments.add(count < SMALLEST ? full(parameter) : quantized(parameter.name(), count));
    }
  }

  /** Returns the size of the moments of {@code count} elements, in bytes. */
  static long bytes(long count) {
    if (count < SMALLEST) {
      return 2L * Float.BYTES * count;
    }
    return 2 * blocks(count) * (BLOCK + Float.BYTES);
  }

  /**
   * Returns the temporary memory of an update, in bytes: fp32 moments, codes and roots of one
   * piece.
   */
  static long workBytes(long count) {
    return count < SMALLEST ? 0 : PIECE_WORK * Math.min(blocks(count), PIECE) * BLOCK;
  }

  private static long blocks(long count) {
    return (count + BLOCK - 1) / BLOCK;
  }

  private TensorLists.Moments full(Trainable parameter) {
    return new TensorLists.Moments(
        List.of(moment("mean." + parameter.name(), DType.F32, parameter.value().sizes())),
        List.of(moment("square." + parameter.name(), DType.F32, parameter.value().sizes())));
  }

  private TensorLists.Moments quantized(String name, long count) {
    long blocks = blocks(count);
    TensorLists.Moments made =
        new TensorLists.Moments(
            List.of(
                moment("mean." + name, DType.U8, blocks, BLOCK),
                moment("meanScale." + name, DType.F32, blocks)),
            List.of(
                moment("square." + name, DType.U8, blocks, BLOCK),
                moment("squareScale." + name, DType.F32, blocks)));
    return made;
  }

  @Override
  void update(double learningRate) {
    for (int i = 0; i < moments.size(); i++) {
      Trainable parameter = trained().get(i);
      List<Tensor> kept = new ArrayList<>(moments.get(i).mean());
      int half = kept.size();
      kept.addAll(moments.get(i).square());
      memory()
          .update(
              kept,
              parameter.value(),
              near ->
                  update(
                      parameter,
                      new TensorLists.Moments(
                          near.subList(0, half), near.subList(half, near.size())),
                      learningRate));
    }
  }

  private void update(Trainable parameter, TensorLists.Moments near, double learningRate) {
    TensorLists.adamW8bit(
        parameter.value(),
        parameter.gradient(),
        near,
        signed,
        unsigned,
        steps(),
        new double[] {
          learningRate,
          options.beta1(),
          options.beta2(),
          options.eps(),
          decays(parameter.name()) ? weightDecay : 0
        });
  }

  @Override
  public void close() {
    super.close();
    signed.close();
    unsigned.close();
  }
}
