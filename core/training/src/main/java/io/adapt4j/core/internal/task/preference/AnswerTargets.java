package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.loss.TokenLogProbs;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Arrays;

/** Target tokens of a batch of answers, with the answer that each belongs to. */
final class AnswerTargets {

  private final Batch inputs;

  private final int[] rows;

  /** Whether each target belongs to an answer rather than a prompt. */
  private final boolean[] answers;

  /** Number of targets in each row's answer. */
  private final int[] lengths;

  private AnswerTargets(Batch inputs, int[] rows, boolean[] answers, int[] lengths) {
    this.inputs = inputs;
    this.rows = rows;
    this.answers = answers;
    this.lengths = lengths;
  }

  static AnswerTargets of(Batch batch) {
    return of(batch, 0);
  }

  /** Returns the tokens of all answers, and of the prompts of the first {@code withPrompt} rows. */
  static AnswerTargets of(Batch batch, int withPrompt) {
    int length = batch.length();
    long[] labels = batch.labels().clone();
    for (int i = 0; i < withPrompt * length; i++) {
      labels[i] = batch.attentionMask()[i] == 1 ? batch.ids()[i] : TrainingSample.IGNORED;
    }
    int[] rows = new int[labels.length];
    boolean[] answers = new boolean[labels.length];
    int[] lengths = new int[batch.rows()];
    int count = 0;
    for (int i = 0; i < labels.length; i++) {
      if (i % length != 0 && labels[i] != TrainingSample.IGNORED) {
        boolean ofAnswer = batch.labels()[i] != TrainingSample.IGNORED;
        rows[count] = i / length;
        answers[count++] = ofAnswer;
        lengths[i / length] += ofAnswer ? 1 : 0;
      }
    }
    return new AnswerTargets(
        new Batch(batch.ids(), batch.attentionMask(), labels, batch.rows(), length),
        Arrays.copyOf(rows, count),
        Arrays.copyOf(answers, count),
        lengths);
  }

  Batch inputs() {
    return inputs;
  }

  int row(int target) {
    return rows[target];
  }

  /** Returns the number of targets in a row's answer. */
  int length(int row) {
    return lengths[row];
  }

  /**
   * Returns the log-probability of each row's answer, rounded like the reference's, so that a model
   * equal to its reference has log-ratios of 0.
   */
  float[] sums(float[] logProbs) {
    double[] exact = new double[lengths.length];
    for (int target = 0; target < rows.length; target++) {
      exact[rows[target]] += answers[target] ? logProbs[target] : 0;
    }
    float[] sums = new float[exact.length];
    for (int row = 0; row < sums.length; row++) {
      sums[row] = (float) exact[row];
    }
    return sums;
  }

  /**
   * Expands the gradient with respect to each row's log-probability to the targets of its answer.
   */
  float[] spread(double[] byRow) {
    float[] byTarget = new float[rows.length];
    for (int target = 0; target < rows.length; target++) {
      byTarget[target] = answers[target] ? (float) byRow[rows[target]] : 0;
    }
    return byTarget;
  }

  /** Returns the log-probability of each answer of a batch under a model. */
  static float[] logProbs(Decoder decoder, Batch batch) {
    AnswerTargets targets = of(batch);
    return targets.sums(TokenLogProbs.evaluate(decoder, targets.inputs()));
  }
}
