package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;

/**
 * Groups of consecutive rows of two models, each of which predicts the same text in the tokens of
 * its own vocabulary.
 *
 * @param student number of the student's tokens in each group, at least 1
 * @param teacher number of the teacher's tokens in each group, at least 1
 * @param weights weights of the groups in the loss
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record TokenGroups(int[] student, int[] teacher, float[] weights) {

  /** No groups. */
  public static final TokenGroups NONE = new TokenGroups(new int[0], new int[0], new float[0]);

  /** {@return the number of groups} */
  public int count() {
    return weights.length;
  }

  /** {@return the sum of the weights} */
  public double weight() {
    double sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    return sum;
  }

  /** Returns the first row of each group, and the end of the last one, I64 [groups + 1]. */
  static Tensor starts(int[] sizes) {
    long[] starts = new long[sizes.length + 1];
    for (int i = 0; i < sizes.length; i++) {
      starts[i + 1] = starts[i] + sizes[i];
    }
    return Tensor.of(starts, starts.length);
  }

  /** Returns the group of each row, I64 [rows]. */
  static Tensor ofRows(int[] sizes) {
    long[] groups = new long[Arrays.stream(sizes).sum()];
    int at = 0;
    for (int group = 0; group < sizes.length; group++) {
      Arrays.fill(groups, at, at + sizes[group], group);
      at += sizes[group];
    }
    return Tensor.of(groups, groups.length);
  }

  /**
   * Divides the groups into chunks of at most so many logits of both models; a larger group is a
   * chunk alone.
   */
  long[] chunks(long studentVocabulary, long teacherVocabulary, long logits) {
    long[] bounds = new long[count() + 1];
    int chunks = 0;
    long held = 0;
    for (int group = 0; group < count(); group++) {
      long own = student[group] * studentVocabulary + teacher[group] * teacherVocabulary;
      if (held > 0 && held + own > logits) {
        bounds[++chunks] = group;
        held = 0;
      }
      held += own;
    }
    bounds[++chunks] = count();
    return Arrays.copyOf(bounds, chunks + 1);
  }
}
