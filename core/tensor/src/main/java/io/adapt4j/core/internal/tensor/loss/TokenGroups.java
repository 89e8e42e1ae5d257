package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;

/**
 * Groups of consecutive rows of two models, each of which predicts the same text with its own
 * vocabulary.
 *
 * @param student number of the student's tokens in each group, at least 1
 * @param teacher number of the teacher's tokens in each group, at least 1
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record TokenGroups(int[] student, int[] teacher, float[] weights) {

  public static final TokenGroups NONE = new TokenGroups(new int[0], new int[0], new float[0]);

  public int count() {
    return weights.length;
  }

  /** The sum of the weights. */
  public double weight() {
    double sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    return sum;
  }

  /** Returns 0 and the row after the last of each group, I64 [groups + 1]. */
  static Tensor ends(int[] sizes) {
    long[] ends = new long[sizes.length + 1];
    for (int i = 0; i < sizes.length; i++) {
      ends[i + 1] = ends[i] + sizes[i];
    }
    return Tensor.of(ends, ends.length);
  }

  /** Returns 1 for each group of one token of both, else 0, F32 [groups, 1]. */
  Tensor single() {
    float[] single = new float[count()];
    for (int i = 0; i < single.length; i++) {
      single[i] = student[i] == 1 && teacher[i] == 1 ? 1 : 0;
    }
    return Tensor.of(single, single.length, 1);
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
