package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.CountedTask;
import io.adapt4j.core.internal.train.Evaluation;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.LossNormalization;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;
import java.util.Map;

/** Policy loss of a rollout's completions. The validation loss is the negative reward. */
final class PolicyTask implements CountedTask<RolloutBatch> {

  private final Policy policy;
  private final Reinforcement algorithm;
  private final BestModelMetric selection;
  private MeanMetrics rollout = new MeanMetrics();
  private MeanMetrics step = new MeanMetrics();

  PolicyTask(Policy policy, Reinforcement algorithm, BestModelMetric selection) {
    this.policy = policy;
    this.algorithm = algorithm;
    this.selection = selection;
  }

  /** A loss with its gradient. */
  private record Outcome(double loss, Policy.Gradient derivative) {}

  @Override
  public double forwardBackward(RolloutBatch batch, double scale, boolean recompute, long seed) {
    double[] loss = new double[1];
    rollout = batch.metrics();
    policy.forwardBackward(
        batch.inputs(),
        scale,
        recompute,
        seed,
        scores -> {
          Outcome outcome = outcome(batch, scores, step);
          loss[0] = outcome.loss();
          return outcome.derivative();
        });
    return loss[0];
  }

  @Override
  public double evaluate(RolloutBatch batch) {
    return outcome(batch, policy.evaluate(batch.inputs()), new MeanMetrics()).loss();
  }

  private Outcome outcome(RolloutBatch batch, Policy.Scores scores, MeanMetrics metrics) {
    int[] lengths = batch.lengths();
    LossNormalization normalization =
        algorithm instanceof Grpo grpo ? grpo.normalization() : LossNormalization.DAPO;
    PolicyLoss loss = PolicyLoss.of(algorithm);
    float[] reference = algorithm instanceof Grpo ? batch.reference() : new float[0];
    PolicyLoss.Outcome policyLoss =
        loss.of(
            new PolicyTokens(
                lengths,
                TokenWeights.of(
                    normalization,
                    lengths,
                    PreparedPolicy.mostTokens(algorithm),
                    loss.ofSequences()),
                scores.logProbs(),
                scores.entropies(),
                batch.old(),
                batch.sampled(),
                reference,
                batch.advantages(),
                batch.importance(algorithm)));
    int tokens = scores.logProbs().length;
    if (reference.length > 0) {
      metrics.addAll(MetricNames.KL, policyLoss.kl(), tokens);
    }
    metrics.addAll(MetricNames.ENTROPY, scores.entropySum(), tokens);
    metrics.addAll(MetricNames.CLIPPED, policyLoss.clippedLow() + policyLoss.clippedHigh(), tokens);
    metrics.addAll(MetricNames.OVERFLOWS, policyLoss.overflows(), tokens);
    return algorithm instanceof Ppo ppo
        ? withValues(ppo, batch, scores, policyLoss, metrics)
        : new Outcome(
            policyLoss.loss(),
            new Policy.Gradient(policyLoss.derivative(), policyLoss.byEntropies(), new float[0]));
  }

  private static Outcome withValues(
      Ppo ppo,
      RolloutBatch batch,
      Policy.Scores scores,
      PolicyLoss.Outcome policyLoss,
      MeanMetrics metrics) {
    ValueObjective.Outcome valueLoss =
        new ValueObjective(ppo.valueClip()).of(scores.values(), batch.values(), batch.returns());
    metrics.addAll(MetricNames.VALUE_LOSS, valueLoss.loss(), scores.values().length);
    float[] byValues = valueLoss.derivative();
    for (int i = 0; i < byValues.length; i++) {
      byValues[i] *= (float) ppo.valueCoefficient();
    }
    return new Outcome(
        policyLoss.loss() + ppo.valueCoefficient() * valueLoss.loss(),
        new Policy.Gradient(policyLoss.derivative(), policyLoss.byEntropies(), byValues));
  }

  @Override
  public Evaluation<RolloutBatch> evaluation() {
    MeanMetrics all = new MeanMetrics();
    return Evaluation.of(
        batch -> {
          all.addAll(batch.metrics());
          return -batch.metrics().sum(MetricNames.REWARD);
        },
        all::means);
  }

  @Override
  public BestModelMetric selection() {
    return selection;
  }

  @Override
  public Map<String, Double> takeStepMetrics() {
    MeanMetrics both = new MeanMetrics();
    both.addAll(rollout);
    both.addAll(step);
    step = new MeanMetrics();
    return both.means();
  }
}
