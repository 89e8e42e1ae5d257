package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.AnswerCounts;
import io.adapt4j.core.internal.data.AnswerEncoder;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.TrainingSample;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Pairs of a chosen and a rejected answer to train on. The encoder's length limit applies to each
 * answer separately; pairs whose answers then have equal tokens, or of which an answer is dropped,
 * are skipped.
 *
 * <p>Immutable and thread-safe as its dataset is.
 */
public final class PreferenceRows {

  /** Rows tokenized at once. */
  private static final int CHUNK = 2048;

  private final Dataset dataset;
  private final AnswerEncoder encoder;
  private final EncodingReport report;

  private PreferenceRows(Dataset dataset, AnswerEncoder encoder, EncodingReport report) {
    this.dataset = dataset;
    this.encoder = encoder;
    this.report = report;
  }

  /** Tokenizes a dataset once, on all processors. */
  public static PreferenceRows of(Dataset dataset, ExampleEncoder encoder) {
    AnswerEncoder answers = new AnswerEncoder(encoder);
    AnswerCounts counts = new AnswerCounts();
    int[] rows = new int[dataset.size()];
    int kept = 0;
    for (int from = 0; from < rows.length; from += CHUNK) {
      List<AnswerEncoder.Outcome> encoded =
          encode(dataset, answers, from, Math.min(from + CHUNK, rows.length));
      for (int i = 0; i < encoded.size(); i++) {
        counts.add(encoded.get(i), dataset.weight(from + i));
        if (encoded.get(i).refusal() == null) {
          rows[kept++] = from + i;
        }
      }
    }
    return new PreferenceRows(
        kept == rows.length ? dataset : dataset.subset(Arrays.copyOf(rows, kept)),
        answers,
        counts.report());
  }

  /**
   * Encodes rows in parallel; if several fail, the first one is reported regardless of thread
   * timing.
   */
  private static List<AnswerEncoder.Outcome> encode(
      Dataset dataset, AnswerEncoder answers, int from, int to) {
    try {
      return IntStream.range(from, to)
          .parallel()
          .mapToObj(row -> answers.pair(dataset, row))
          .toList();
    } catch (RuntimeException e) {
      return IntStream.range(from, to).mapToObj(row -> answers.pair(dataset, row)).toList();
    }
  }

  /** Returns the encoding report. */
  public EncodingReport report() {
    return report;
  }

  /** Returns the rows of the pairs. */
  public Dataset dataset() {
    return dataset;
  }

  /** Returns the number of pairs. */
  public int size() {
    return dataset.size();
  }

  /** Encodes a pair. */
  public PreferenceSample get(int pair) {
    List<TrainingSample> samples = encoder.pair(dataset, pair).samples();
    return new PreferenceSample(samples.get(0), samples.get(1));
  }

  /** Returns the weight of a pair in the loss. */
  public double weight(int pair) {
    return dataset.weight(pair);
  }
}
