package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.train.BestModelMetric;

/**
 * Training of a decoder to prefer chosen to rejected answers. The loss of a batch is the weighted
 * mean over its pairs; both answers go through the model in one pass.
 *
 * <p>Metrics, as means over pairs: {@code reward_chosen}, {@code reward_rejected}, {@code margin},
 * their difference; {@code accuracy}, the share of positive margins; {@code kl}, the log-ratio to
 * the reference over both answers, an estimate of the divergence if the answers resemble the
 * model's own; {@code nll}, the cross-entropy per token if the loss includes it; {@code
 * logp_chosen} and {@code logp_rejected} as used in the loss; {@code length_chosen} and {@code
 * length_rejected} in tokens.
 */
public final class PreferencePairs extends AnswerTask<PreferenceBatch> {

  private final PairLoss loss;
  private final ReferenceModel reference;

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
