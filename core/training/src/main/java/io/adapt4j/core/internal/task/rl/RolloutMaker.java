package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.KlEstimator;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Makes rollouts: samples completions, computes their rewards, and prepares the training targets.
 */
record RolloutMaker(
    Reinforcement algorithm,
    Sampling sampling,
    Policy policy,
    Optional<Reference> reference,
    int padId,
    int rows,
    boolean onPolicy) {

  /**
   * Makes a rollout to train on.
   *
   * @param others further prompts by number, without an end
   */
  Rollout make(
      int number,
      List<PromptRows.Prompt> prompts,
      IntFunction<PromptRows.Prompt> others,
      long seed,
      double kl) {
    MeanMetrics metrics = new MeanMetrics();
    int attempts = algorithm instanceof Grpo grpo ? grpo.dynamicSampling() : 0;
    DynamicSampling resampling =
        new DynamicSampling(
            sampling, WeightedReward.of(algorithm), algorithm.groupSize(), attempts, others);
    Judged judged = judged(prompts, seed, resampling, metrics);
    long begun = System.nanoTime();
    List<Sample> scored = judged.samples();
    if (algorithm instanceof Ppo || !onPolicy || corrects()) {
      // The entropy is discarded here, since steps report their own.
      scored = withPolicy(scored, new MeanMetrics());
    }
    if (algorithm.usesReference()) {
      scored = withReference(scored);
    }
    metrics.add(MetricNames.SCORING, seconds(begun));
    return algorithm instanceof Ppo ppo
        ? new PpoTargets(ppo, kl).rollout(number, scored, judged.rewards(), metrics)
        : grouped(number, scored, judged.rewards(), metrics);
  }

  private boolean corrects() {
    return algorithm instanceof Grpo grpo && grpo.importanceCorrection().isPresent();
  }

  private Rollout grouped(int number, List<Sample> samples, double[] rewards, MeanMetrics metrics) {
    Grpo grpo = (Grpo) algorithm;
    double[] advantages = GroupAdvantages.of(grpo.advantages(), rewards, grpo.groupSize());
    List<Sample> judged = new ArrayList<>();
    for (int i = 0; i < advantages.length; i++) {
      float[] ofTokens = new float[samples.get(i).completion().length];
      Arrays.fill(ofTokens, (float) advantages[i]);
      judged.add(samples.get(i).judged(ofTokens, new float[0]));
    }
    return new Rollout(number, judged, metrics, 0);
  }

  /** Samples a completion per prompt and returns the metrics, including the divergence. */
  MeanMetrics evaluate(List<PromptRows.Prompt> prompts, long seed) {
    MeanMetrics metrics = new MeanMetrics();
    DynamicSampling none =
        new DynamicSampling(sampling, WeightedReward.of(algorithm), 1, 0, prompts::get);
    List<Sample> samples = judged(prompts, seed, none, metrics).samples();
    if (reference.isPresent()) {
      for (Sample sample : withReference(withPolicy(samples, metrics))) {
        addDivergence(sample, metrics);
      }
    }
    return metrics;
  }

  static void addDivergence(Sample sample, MeanMetrics metrics) {
    for (int t = 0; t < sample.completion().length; t++) {
      metrics.add(
          MetricNames.KL, Divergence.of(KlEstimator.K3, sample.old()[t], sample.reference()[t]));
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Judged(List<Sample> samples, double[] rewards) {}

  private Judged judged(
      List<PromptRows.Prompt> prompts, long seed, DynamicSampling resampling, MeanMetrics metrics) {
    long begun = System.nanoTime();
    List<Sampling.Drawn> drawn = new ArrayList<>(sampling.draw(prompts, seed));
    double generating = seconds(begun);
    begun = System.nanoTime();
    BatchRewards judgment =
        BatchRewards.of(WeightedReward.of(algorithm), DynamicSampling.completions(drawn));
    double rewarding = seconds(begun);
    if (resampling.attempts() > 0) {
      begun = System.nanoTime();
      metrics.add(MetricNames.RESAMPLED, resampling.replace(drawn, judgment, seed));
      generating += seconds(begun);
    }
    report(judgment, drawn, resampling.groupSize(), metrics);
    metrics.add(MetricNames.GENERATING, generating);
    metrics.add(MetricNames.REWARDING, rewarding);
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < drawn.size(); i++) {
      Sampling.Drawn other = drawn.get(i);
      boolean masked = algorithm.masksTruncated() && other.truncated();
      boolean counts = !masked && !Double.isNaN(judgment.total()[i]);
      samples.add(Sample.of(other.prompt().ids(), other.ids(), counts, other.logProbs()));
    }
    return new Judged(samples, judgment.total());
  }

  private static void report(
      BatchRewards judgment, List<Sampling.Drawn> drawn, int groupSize, MeanMetrics metrics) {
    double[] rewards = judgment.total();
    for (double reward : rewards) {
      metrics.add(MetricNames.REWARD, reward);
    }
    metrics.add(MetricNames.REWARD_SPREAD, MeanVariance.of(rewards, 0, rewards.length).deviation());
    judgment
        .metrics()
        .forEach(
            (name, scores) -> {
              for (double score : scores) {
                metrics.add(MetricNames.REWARD_OF + name, score);
              }
            });
    for (int i = 0; i < rewards.length; i++) {
      metrics.add(MetricNames.UNDEFINED, Double.isNaN(rewards[i]) ? 1 : 0);
      metrics.add(MetricNames.TRUNCATED, drawn.get(i).truncated() ? 1 : 0);
      metrics.add(MetricNames.LENGTH, drawn.get(i).generation().tokenIds().size());
    }
    for (int from = 0; groupSize > 1 && from < rewards.length; from += groupSize) {
      boolean equal = MeanVariance.of(rewards, from, from + groupSize).variance() == 0;
      metrics.add(MetricNames.EQUAL_GROUPS, equal ? 1 : 0);
    }
  }

  private List<Sample> withPolicy(List<Sample> samples, MeanMetrics metrics) {
    List<List<Integer>> batches = byLength(samples);
    Sample[] scored = samples.toArray(new Sample[0]);
    for (List<Integer> batch : batches) {
      Policy.Scores scores = policy.evaluate(inputs(samples, batch));
      metrics.addAll(MetricNames.ENTROPY, scores.entropySum(), scores.entropies().length);
      int at = 0;
      for (int i : batch) {
        int to = at + samples.get(i).completion().length;
        float[] values =
            scores.values().length == 0
                ? new float[0]
                : Arrays.copyOfRange(scores.values(), at, to);
        scored[i] = samples.get(i).scored(Arrays.copyOfRange(scores.logProbs(), at, to), values);
        at = to;
      }
    }
    return List.of(scored);
  }

  private List<Sample> withReference(List<Sample> samples) {
    List<List<Integer>> batches = byLength(samples);
    List<float[]> scores =
        reference
            .orElseThrow()
            .logProbs(batches.stream().map(batch -> inputs(samples, batch)).toList());
    Sample[] scored = samples.toArray(new Sample[0]);
    for (int b = 0; b < batches.size(); b++) {
      int at = 0;
      for (int i : batches.get(b)) {
        int to = at + samples.get(i).completion().length;
        scored[i] = samples.get(i).referred(Arrays.copyOfRange(scores.get(b), at, to));
        at = to;
      }
    }
    return List.of(scored);
  }

  private Batch inputs(List<Sample> samples, List<Integer> batch) {
    return Sample.inputs(batch.stream().map(samples::get).toList(), padId, true);
  }

  /** Returns the indices of samples in batches of similar lengths. */
  private List<List<Integer>> byLength(List<Sample> samples) {
    List<Integer> order =
        IntStream.range(0, samples.size())
            .boxed()
            .sorted(Comparator.comparing(i -> samples.get(i).length()))
            .toList();
    List<List<Integer>> batches = new ArrayList<>();
    for (int from = 0; from < order.size(); from += rows) {
      batches.add(order.subList(from, Math.min(order.size(), from + rows)));
    }
    return batches;
  }

  private static double seconds(long begun) {
    return (System.nanoTime() - begun) / 1e9;
  }
}
