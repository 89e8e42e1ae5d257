package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.AnswerEncoder;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.RowMask;
import io.adapt4j.core.internal.data.Sample;
import io.adapt4j.core.internal.data.TrainingSample;
import java.security.MessageDigest;
import java.util.List;

/** A chosen and a rejected answer to one prompt as tokens, with loss on the answers only. */
public record PreferenceSample(TrainingSample chosen, TrainingSample rejected) implements Sample {

  /**
   * Encodes pairs of answers. The encoder's length limit applies to each answer separately; pairs
   * whose answers then have equal tokens, or of which an answer is dropped, are skipped.
   */
  public static EncodedRows<PreferenceSample> rows(Dataset dataset, ExampleEncoder encoder) {
    return rows(dataset, RowMask.NONE, encoder);
  }

  /** Encodes pairs of answers and masks some of them. */
  static EncodedRows<PreferenceSample> rows(Dataset dataset, RowMask mask, ExampleEncoder encoder) {
    AnswerEncoder answers = new AnswerEncoder(encoder);
    return EncodedRows.of(
        dataset,
        (data, row) -> pair(answers.pair(data, row)),
        new EncodedRows.Masking<>(
            mask,
            2,
            encoder.maxLength(),
            lengths ->
                new PreferenceSample(
                    masked(lengths.get(0), encoder.paddingId()),
                    masked(lengths.get(1), encoder.paddingId()))),
        sample -> {});
  }

  /** Returns padding whose last token is the answer, so that the loss of the pair is defined. */
  private static TrainingSample masked(int length, int paddingId) {
    int[] ids = RowMask.padding(length, paddingId);
    int[] labels = RowMask.padding(length, TrainingSample.IGNORED);
    labels[length - 1] = paddingId;
    return new TrainingSample(ids, labels);
  }

  @Override
  public List<Integer> lengths() {
    return List.of(chosen.length(), rejected.length());
  }

  public static RowBatches<PreferenceBatch> batches(
      EncodedRows<PreferenceSample> rows, int paddingId) {
    return rows.collated(
        (samples, weights, numbers) -> PreferenceBatch.of(samples, numbers, weights, paddingId));
  }

  private static EncodedRow<PreferenceSample> pair(EncodedRow<TrainingSample> answers) {
    List<TrainingSample> sides = answers.samples();
    return sides.isEmpty()
        ? EncodedRow.skipped(answers.fate())
        : new EncodedRow<>(
            List.of(new PreferenceSample(sides.get(0), sides.get(1))), answers.fate());
  }

  @Override
  public int length() {
    return Math.max(chosen.length(), rejected.length());
  }

  @Override
  public long tokens() {
    return chosen.tokens() + rejected.tokens();
  }

  @Override
  public int targets() {
    return chosen.targets() + rejected.targets();
  }

  @Override
  public int sequences() {
    return 2;
  }

  @Override
  public void digest(MessageDigest digest, double weight) {
    chosen.digest(digest, weight);
    rejected.digest(digest, weight);
  }
}
