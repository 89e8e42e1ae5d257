package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.train.BestModelMetric;

/**
 * Trains a decoder to prefer chosen to rejected answers. The loss of a batch is the mean over its
 * pairs, as they are weighted; both answers go through the model in one pass.
 *
 * <p>Measures, as means over pairs: {@code reward_chosen}, {@code reward_rejected}, {@code margin},
 * the difference of both; {@code accuracy}, how often it is above 0; {@code kl}, the log-ratio to
 * the reference over both answers, an estimate of the divergence in so far as the answers are like
 * the model's own; {@code nll}, the cross-entropy of a token where the loss has it; {@code
 * logp_chosen} and {@code logp_rejected} as the loss takes them; {@code length_chosen} and {@code
 * length_rejected} in tokens.
 */
public final class PreferencePairs extends AnswerTask<PreferenceBatch> {

  private final PairLoss loss;
  private final ReferenceModel reference;

  /** Creates the task. */
  public PreferencePairs(
      Decoder decoder, PairLoss loss, ReferenceModel reference, BestModelMetric selection) {
    super(decoder, selection);
    this.loss = loss;
    this.reference = reference;
  }

  @Override
  Scores scores(PreferenceBatch batch) {
    return new PairScores(loss, batch, reference(batch));
  }

  private float[] reference(PreferenceBatch batch) {
    if (!loss.usesReference()) {
      return new float[batch.sides().rows()];
    }
    return batch.reference().length > 0 ? batch.reference() : reference.logProbs(batch.sides());
  }
}
