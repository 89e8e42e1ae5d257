package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.loss.TokenLogProbs;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.CountedTask;
import io.adapt4j.core.internal.train.Evaluation;
import java.util.Map;

/** Training task with a loss that is a function of the log-probabilities of answers. */
abstract class AnswerTask<B extends AnswerBatch<B>> implements CountedTask<B> {

  private final Decoder decoder;
  private final BestModelMetric selection;
  private final Means inStep = new Means();

  AnswerTask(Decoder decoder, BestModelMetric selection) {
    this.decoder = decoder;
    this.selection = selection;
  }

  /** Returns the loss of a batch, not computed yet. */
  abstract Scores scores(B batch);

  @Override
  public double forwardBackward(B batch, double scale, boolean recompute, long seed) {
    Scores scores = scores(batch);
    TokenLogProbs.forwardBackward(
        decoder, scores.targets().inputs(), scale, recompute, seed, scores::forwardBackward);
    scores.measure(inStep);
    return scores.sum();
  }

  @Override
  public double evaluate(B batch) {
    return scored(batch).sum();
  }

  private Scores scored(B batch) {
    Scores scores = scores(batch);
    scores.forwardBackward(TokenLogProbs.evaluate(decoder, scores.targets().inputs()));
    return scores;
  }

  @Override
  public Map<String, Double> takeStepMetrics() {
    return inStep.take();
  }

  @Override
  public BestModelMetric selection() {
    return selection;
  }

  @Override
  public Evaluation<B> evaluation() {
    Means means = new Means();
    return Evaluation.of(
        batch -> {
          Scores scores = scored(batch);
          scores.measure(means);
          return scores.sum();
        },
        means::take);
  }
}
