package io.adapt4j.core.preference;

import io.adapt4j.core.data.UnpairedBatch;
import io.adapt4j.core.model.Decoder;
import io.adapt4j.core.model.TokenLogProbs;
import io.adapt4j.core.train.Evaluation;
import io.adapt4j.core.train.Selection;
import io.adapt4j.core.train.TrainingTask;
import java.util.Arrays;
import java.util.Map;

/**
 * Trains a decoder on answers that are good or bad by themselves. The loss of a batch is the mean
 * over its answers, as they are weighted.
 *
 * <p>Measures, as means over answers: {@code reward_chosen} of the wanted ones and {@code
 * reward_rejected} of the others; {@code accuracy}, how often an answer is on its side of the
 * divergence from the reference; {@code kl}, that divergence; {@code logp_chosen}, {@code
 * logp_rejected}, {@code length_chosen} and {@code length_rejected} in tokens.
 */
public final class UnpairedAnswers implements TrainingTask<UnpairedBatch> {

  private final Decoder decoder;
  private final Kto loss;
  private final ReferenceModel reference;
  private final Selection selection;
  private final Means inStep = new Means();

  /**
   * Creates the task.
   *
   * @param decoder the model
   * @param loss what is minimised
   * @param reference asked about batches that come without what it says
   * @param selection which checkpoint is the best
   */
  public UnpairedAnswers(Decoder decoder, Kto loss, ReferenceModel reference, Selection selection) {
    this.decoder = decoder;
    this.loss = loss;
    this.reference = reference;
    this.selection = selection;
  }

  @Override
  public double differentiate(UnpairedBatch batch, double scale, boolean recompute, long seed) {
    UnpairedScores scores = prepared(batch);
    TokenLogProbs.differentiate(
        decoder, scores.targets().inputs(), scale, recompute, seed, scores::differentiate);
    scores.measure(inStep);
    return scores.sum();
  }

  @Override
  public double evaluate(UnpairedBatch batch) {
    return scored(batch).sum();
  }

  private UnpairedScores scored(UnpairedBatch batch) {
    UnpairedScores scores = prepared(batch);
    scores.differentiate(TokenLogProbs.evaluate(decoder, scores.targets().inputs()));
    return scores;
  }

  private UnpairedScores prepared(UnpairedBatch batch) {
    int size = batch.size();
    boolean stored = batch.reference().length > 0;
    float[] own =
        stored ? Arrays.copyOf(batch.reference(), size) : reference.logProbs(batch.completions());
    if (!loss.estimatesDivergence()) {
      return new UnpairedScores(loss, batch, own, 0);
    }
    float[] other =
        stored
            ? Arrays.copyOfRange(batch.reference(), size, 2 * size)
            : reference.logProbs(batch.mismatched());
    float[] policy = AnswerTargets.logProbs(decoder, batch.mismatched());
    double divergence = 0;
    for (int i = 0; i < size; i++) {
      divergence += ((double) policy[i] - other[i]) / size;
    }
    return new UnpairedScores(loss, batch, own, Math.max(0, divergence));
  }

  @Override
  public Map<String, Double> takeStepMetrics() {
    return inStep.take();
  }

  @Override
  public Selection selection() {
    return selection;
  }

  @Override
  public long targets(UnpairedBatch batch) {
    return batch.size();
  }

  @Override
  public double weight(UnpairedBatch batch) {
    return batch.weight();
  }

  @Override
  public long tokens(UnpairedBatch batch) {
    return batch.completions().tokens();
  }

  @Override
  public Evaluation<UnpairedBatch> evaluation() {
    Means means = new Means();
    return new Evaluation<>() {
      @Override
      public double add(UnpairedBatch batch) {
        UnpairedScores scores = scored(batch);
        scores.measure(means);
        return scores.sum();
      }

      @Override
      public Map<String, Double> metrics() {
        return means.take();
      }
    };
  }
}
