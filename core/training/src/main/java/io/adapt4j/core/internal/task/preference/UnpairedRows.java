package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.AnswerCounts;
import io.adapt4j.core.internal.data.AnswerEncoder;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.TrainingSample;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Labeled answers to train on; a pair counts as two. Each comes with a mismatch, its prompt
 * followed by the answer to the next different prompt of the data, from which KTO estimates the
 * divergence from the reference (Ethayarajh et al. 2024, section 4.1).
 *
 * <p>Immutable and thread-safe as its dataset is.
 */
public final class UnpairedRows {

  private final Dataset dataset;
  private final AnswerEncoder encoder;
  private final EncodingReport report;
  private final List<Answer> answers;
  private final int maxLength;

  private UnpairedRows(
      Dataset dataset,
      AnswerEncoder encoder,
      EncodingReport report,
      List<Answer> answers,
      int maxLength) {
    this.dataset = dataset;
    this.encoder = encoder;
    this.report = report;
    this.answers = List.copyOf(answers);
    this.maxLength = maxLength;
  }

  /** Location of an answer, with the id of its prompt. */
  private record Answer(int row, boolean desirable, int prompt) {}

  /** Tokenizes a dataset once. */
  public static UnpairedRows of(Dataset dataset, ExampleEncoder encoder) {
    AnswerEncoder coder = new AnswerEncoder(encoder);
    AnswerCounts counts = new AnswerCounts();
    Map<IntBuffer, Integer> prompts = new HashMap<>();
    List<Answer> answers = new ArrayList<>();
    for (int row = 0; row < dataset.size(); row++) {
      for (boolean desirable : AnswerEncoder.verdicts(dataset.get(row))) {
        AnswerEncoder.Outcome outcome = coder.single(dataset, row, desirable);
        counts.add(outcome, dataset.weight(row));
        if (outcome.refusal() == null) {
          IntBuffer prompt = IntBuffer.wrap(prompt(outcome.samples().get(0)));
          int number = prompts.size();
          Integer known = prompts.putIfAbsent(prompt, number);
          answers.add(new Answer(row, desirable, known == null ? number : known));
        }
      }
    }
    return new UnpairedRows(dataset, coder, counts.report(), answers, encoder.maxLength());
  }

  private static int[] prompt(TrainingSample sample) {
    return Arrays.copyOf(sample.ids(), sample.firstLabel());
  }

  /** Returns the encoding report. */
  public EncodingReport report() {
    return report;
  }

  /** Returns the number of answers. */
  public int size() {
    return answers.size();
  }

  /** Encodes an answer with its mismatch. */
  public UnpairedSample get(int answer) {
    TrainingSample own = sample(answer);
    TrainingSample other = sample(other(answer));
    return new UnpairedSample(own, mismatched(own, other), answers.get(answer).desirable());
  }

  private TrainingSample sample(int answer) {
    Answer other = answers.get(answer);
    return encoder.single(dataset, other.row(), other.desirable()).samples().get(0);
  }

  /** Returns the next answer to another prompt, or simply the next if there is only one prompt. */
  private int other(int answer) {
    int size = answers.size();
    for (int step = 1; step < size; step++) {
      int next = (answer + step) % size;
      if (answers.get(next).prompt() != answers.get(answer).prompt()) {
        return next;
      }
    }
    return (answer + 1) % size;
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

  /** Returns the weight of an answer in the loss. */
  public double weight(int answer) {
    return dataset.weight(answers.get(answer).row());
  }
}
