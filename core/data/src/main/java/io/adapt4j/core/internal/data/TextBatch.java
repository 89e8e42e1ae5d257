package io.adapt4j.core.internal.data;

import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Arrays;
import java.util.List;

/**
 * Right-padded batch of labeled texts. Not copied in or out: treat the arrays as read-only.
 *
 * @param texts the texts, with labels of tokens [rows, length] or of texts [rows]
 * @param values multi-hot labels [rows, classes], or one regression target per text; empty if the
 *     texts have labels
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record TextBatch(Batch texts, boolean ofTokens, float[] values, float[] weights)
    implements CountedBatch {

  /** Pads samples of one problem to the longest one. */
  public static TextBatch of(List<LabeledSample> samples, float[] weights, int paddingId) {
    Batch texts = Batch.padded(samples.stream().map(LabeledSample::ids).toList(), paddingId);
    boolean ofTokens = samples.get(0).ofTokens();
    List<int[]> labels = samples.stream().map(LabeledSample::labels).toList();
    return new TextBatch(
        texts.with(
            Batch.matrix(samples.stream().map(LabeledSample::typeIds).toList(), texts.length(), 0),
            Batch.matrix(labels, ofTokens ? texts.length() : labels.get(0).length, Batch.IGNORED)),
        ofTokens,
        values(samples),
        weights);
  }

  private static float[] values(List<LabeledSample> samples) {
    int columns = samples.get(0).values().length;
    float[] values = new float[samples.size() * columns];
    for (int row = 0; row < samples.size(); row++) {
      System.arraycopy(samples.get(row).values(), 0, values, row * columns, columns);
    }
    return values;
  }

  public int rows() {
    return texts.rows();
  }

  public int length() {
    return texts.length();
  }

  public long[] labels() {
    return texts.labels();
  }

  @Override
  public long targets() {
    return ofTokens ? labeled(0, labels().length) : rows();
  }

  @Override
  public double weight() {
    double sum = 0;
    for (int row = 0; row < rows(); row++) {
      sum += weights[row] * (ofTokens ? labeled(row * length(), (row + 1) * length()) : 1);
    }
    return sum;
  }

  private long labeled(int from, int to) {
    return Arrays.stream(labels(), from, to).filter(label -> label != Batch.IGNORED).count();
  }

  @Override
  public long tokens() {
    return texts.tokens();
  }
}
