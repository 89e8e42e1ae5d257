package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.AnswerEncoder;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.TrainingSample;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Labeled answers to train on; a pair counts as two. Each comes with a mismatch, its prompt
 * followed by the answer to the next different prompt of the data, from which KTO estimates the
 * divergence from the reference (Ethayarajh et al. 2024, section 4.1).
 *
 * <p>Immutable and thread-safe as its dataset is.
 */
public final class UnpairedRows {

  private final EncodedRows<TrainingSample> answers;

  /** The rows of the answers that are desirable. */
  private final BitSet desirable = new BitSet();

  /** The id of each answer's prompt. */
  private final int[] prompts;

  private final int maxLength;

  /** Tokenizes a dataset once. */
  public UnpairedRows(Dataset dataset, ExampleEncoder encoder) {
    IntStream.Builder rows = IntStream.builder();
    int count = 0;
    for (int row = 0; row < dataset.size(); row++) {
      for (boolean verdict : AnswerEncoder.verdicts(dataset.get(row))) {
        rows.add(row);
        desirable.set(count++, verdict);
      }
    }
    AnswerEncoder coder = new AnswerEncoder(encoder);
    Map<IntBuffer, Integer> known = new HashMap<>();
    IntStream.Builder numbers = IntStream.builder();
    this.answers =
        EncodedRows.of(
            dataset.subset(rows.build().toArray()),
            (data, row) -> coder.single(data, row, desirable.get(row)),
            sample -> {
              int next = known.size();
              Integer number = known.putIfAbsent(IntBuffer.wrap(prompt(sample)), next);
              numbers.add(number == null ? next : number);
            });
    this.prompts = numbers.build().toArray();
    this.maxLength = encoder.maxLength();
  }

  private static int[] prompt(TrainingSample sample) {
    return Arrays.copyOf(sample.ids(), sample.firstLabel());
  }

  /** Returns the number of answers. */
  public int size() {
    return prompts.length;
  }

  public RowBatches<UnpairedBatch> batches(int paddingId) {
    return answers.collated(
        (samples, weights, numbers) -> {
          List<UnpairedSample> own =
              IntStream.range(0, numbers.length)
                  .mapToObj(i -> sample(samples.get(i), numbers[i]))
                  .toList();
          return UnpairedBatch.of(own, numbers, weights, paddingId);
        });
  }

  /** Encodes an answer with its mismatch. */
  public UnpairedSample get(int answer) {
    return sample(answers.get(answer), answer);
  }

  private UnpairedSample sample(TrainingSample own, int answer) {
    return new UnpairedSample(
        own, mismatched(own, answers.get(other(answer))), desirable.get(answers.row(answer)));
  }

  /** Returns the next answer to another prompt, or simply the next if there is only one prompt. */
  private int other(int answer) {
    for (int step = 1; step < prompts.length; step++) {
      int next = (answer + step) % prompts.length;
      if (prompts[next] != prompts[answer]) {
        return next;
      }
    }
    return (answer + 1) % prompts.length;
  }

  private TrainingSample mismatched(TrainingSample own, TrainingSample other) {
    int prompt = own.firstLabel();
    int from = other.firstLabel();
    int completion = Math.max(1, Math.min(other.length() - from, maxLength - prompt));
    int[] ids = Arrays.copyOf(own.ids(), prompt + completion);
    int[] labels = new int[ids.length];
    Arrays.fill(labels, 0, prompt, TrainingSample.IGNORED);
    System.arraycopy(other.ids(), from, ids, prompt, completion);
    System.arraycopy(other.labels(), from, labels, prompt, completion);
    return new TrainingSample(ids, labels);
  }
}
