package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.train.BestModelMetric;
import java.util.Arrays;

/**
 * Training of a decoder on unpaired answers labeled desirable or undesirable. The loss of a batch
 * is the weighted mean over its answers.
 *
 * <p>Metrics, as means over answers: {@code reward_chosen} of desirable and {@code reward_rejected}
 * of undesirable answers; {@code accuracy}, the share of answers on the right side of the
 * divergence from the reference; {@code kl}, that divergence; {@code logp_chosen}, {@code
 * logp_rejected}, {@code length_chosen} and {@code length_rejected} in tokens.
 */
public final class UnpairedAnswers extends AnswerTask<UnpairedBatch> {

  private final Decoder decoder;
  private final Kto loss;
  private final ReferenceModel reference;

  public UnpairedAnswers(
      Decoder decoder, Kto loss, ReferenceModel reference, BestModelMetric selection) {
    super(decoder, selection);
    this.decoder = decoder;
    this.loss = loss;
    this.reference = reference;
  }

  @Override
  Scores scores(UnpairedBatch batch) {
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
}
