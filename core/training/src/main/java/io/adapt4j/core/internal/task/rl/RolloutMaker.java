package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.reinforce.KlEstimator;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Makes rollouts: scores drawn completions by policy and reference, as training targets. */
record RolloutMaker(
    RolloutDrawing drawing,
    Policy policy,
    Optional<Reference> reference,
    int padId,
    int rows,
    boolean onPolicy) {

  Reinforcement algorithm() {
    return drawing.algorithm();
  }

  Rollout make(int number, RolloutDrawing.Drawn drawn, double kl) {
    MeanMetrics metrics = drawn.metrics();
    long begun = System.nanoTime();
    List<Sample> scored = drawn.samples();
    if (algorithm() instanceof Ppo || !onPolicy || drawing.corrects()) {
      // The entropy is discarded here, since steps report their own.
      scored = withPolicy(scored, new MeanMetrics());
    }
    if (algorithm().usesReference()) {
      scored = withReference(scored);
    }
    metrics.add(MetricNames.SCORING, (System.nanoTime() - begun) / 1e9);
    return algorithm() instanceof Ppo ppo
        ? new PpoTargets(ppo, kl).rollout(number, scored, drawn.rewards(), metrics)
        : new Rollout(number, scored, metrics, 0);
  }

  /** Samples a completion per prompt and returns the metrics, including the divergence. */
  MeanMetrics evaluate(List<PromptRows.Prompt> prompts, long seed) {
    RolloutDrawing.Drawn drawn = drawing.evaluated(prompts, seed);
    MeanMetrics metrics = drawn.metrics();
    if (reference.isPresent()) {
      for (Sample sample : withReference(withPolicy(drawn.samples(), metrics))) {
        addDivergence(sample, metrics);
      }
    }
    return metrics;
  }

  static void addDivergence(Sample sample, MeanMetrics metrics) {
    for (int t = 0; t < sample.old().length; t++) {
      metrics.add(
          MetricNames.KL, Divergence.of(KlEstimator.K3, sample.old()[t], sample.reference()[t]));
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
        int to = at + samples.get(i).targets();
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
        int to = at + samples.get(i).targets();
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
}
