package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * The positions of a batch that predict a target, and the targets.
 *
 * <p>Position t predicts the label at t + 1; labels of {@value #IGNORED} are ignored, as in
 * Transformers.
 */
public final class TargetRows {

  /** The label of positions without a target. */
  public static final int IGNORED = Batch.IGNORED;

  private final long[] index;
  private final long[] targets;

  private TargetRows(long[] index, long[] targets) {
    this.index = index;
    this.targets = targets;
  }

  public static TargetRows of(Batch batch) {
    return of(batch.labels(), batch.rows(), batch.length());
  }

  /**
   * Finds the targets of a batch.
   *
   * @param labels row-major [rows, length], before the shift
   */
  public static TargetRows of(long[] labels, int rows, int length) {
    long[] index = new long[labels.length];
    long[] targets = new long[labels.length];
    int count = 0;
    for (int row = 0; row < rows; row++) {
      for (int t = 0; t + 1 < length; t++) {
        long label = labels[row * length + t + 1];
        if (label != IGNORED) {
          index[count] = (long) row * length + t;
          targets[count++] = label;
        }
      }
    }
    return new TargetRows(Arrays.copyOf(index, count), Arrays.copyOf(targets, count));
  }

  /**
   * Finds the masked tokens of a batch, which are predicted at their own position.
   *
   * @param labels row-major [rows, length]
   */
  public static TargetRows masked(long[] labels) {
    long[] index =
        LongStream.range(0, labels.length).filter(i -> labels[(int) i] != IGNORED).toArray();
    long[] targets = Arrays.stream(index).map(i -> labels[(int) i]).toArray();
    return new TargetRows(index, targets);
  }

  /** {@return the number of targets} */
  public int count() {
    return targets.length;
  }

  /**
   * Creates a tensor of the positions that predict the targets.
   *
   * @return positions in row-major order, I64 [N]; owned by the open scope or, without one, by the
   *     caller
   */
  public Tensor index() {
    return Tensor.of(index, index.length);
  }

  /**
   * Creates a tensor of the target ids.
   *
   * @return I64 [N]; owned by the open scope or, without one, by the caller
   */
  public Tensor targets() {
    return Tensor.of(targets, targets.length);
  }

  /** Gathers the values at the targets' labels, F32 [N]. */
  public Tensor labeled(float[] values) {
    float[] taken = new float[index.length];
    for (int i = 0; i < taken.length; i++) {
      taken[i] = values[(int) index[i] + 1];
    }
    return Tensor.of(taken, taken.length);
  }

  /** Gathers the values at the targets' labels. */
  public int[] labeled(int[] values) {
    return Arrays.stream(index).mapToInt(i -> values[(int) i + 1]).toArray();
  }

  /** Gathers the value of each target's row, F32 [N]. */
  public Tensor ofRows(float[] values, int length) {
    float[] taken = new float[index.length];
    for (int i = 0; i < taken.length; i++) {
      taken[i] = values[(int) (index[i] / length)];
    }
    return Tensor.of(taken, taken.length);
  }
}
