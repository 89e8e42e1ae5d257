package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.task.episode.EpisodeTraces;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.reinforce.Turn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/** Draws completions and computes their rewards and, for GRPO, their advantages. */
record RolloutDrawing(Reinforcement algorithm, Draws draws) {

  /** Completions with their rewards. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Drawn(List<Sample> samples, double[] rewards, MeanMetrics metrics) {}

  /**
   * Draws the completions of a rollout; {@code others} has further prompts by number, without an
   * end.
   */
  Drawn draw(
      int number,
      List<PromptRows.Prompt> prompts,
      IntFunction<PromptRows.Prompt> others,
      long seed) {
    MeanMetrics metrics = new MeanMetrics();
    int attempts = algorithm instanceof Grpo grpo ? grpo.dynamicSampling() : 0;
    DynamicSampling resampling =
        new DynamicSampling(
            draws, WeightedReward.of(algorithm), algorithm.groupSize(), attempts, others);
    Judged judged =
        judged(() -> draws.draw(prompts, seed, first(number)), number, seed, resampling, metrics);
    List<Sample> samples =
        algorithm instanceof Grpo grpo ? compared(grpo, judged) : judged.samples();
    return new Drawn(samples, judged.rewards(), metrics);
  }

  /** Samples a completion per prompt for an evaluation. */
  Drawn evaluated(List<PromptRows.Prompt> prompts, long seed) {
    MeanMetrics metrics = new MeanMetrics();
    DynamicSampling none =
        new DynamicSampling(draws, WeightedReward.of(algorithm), 1, 0, prompts::get);
    Judged judged = judged(() -> draws.sampling().draw(prompts, seed), -1, seed, none, metrics);
    return new Drawn(judged.samples(), judged.rewards(), metrics);
  }

  boolean corrects() {
    return algorithm instanceof Grpo grpo && grpo.importanceCorrection().isPresent();
  }

  private static EpisodeTraces.Name first(int number) {
    return new EpisodeTraces.Name(number, 0);
  }

  /** Returns samples with advantages within their groups. */
  private static List<Sample> compared(Grpo grpo, Judged judged) {
    List<float[]> advantages =
        grpo.rewardsByTurn() ? byTurn(grpo, judged) : byEpisode(grpo, judged);
    List<Sample> all = new ArrayList<>();
    for (int i = 0; i < advantages.size(); i++) {
      all.add(judged.samples().get(i).judged(advantages.get(i), new float[0]));
    }
    return all;
  }

  private static List<float[]> byEpisode(Grpo grpo, Judged judged) {
    double[] advantages = GroupAdvantages.of(grpo.advantages(), judged.rewards(), grpo.groupSize());
    List<float[]> all = new ArrayList<>();
    for (int i = 0; i < advantages.length; i++) {
      float[] ofTokens = new float[judged.samples().get(i).targets()];
      Arrays.fill(ofTokens, (float) advantages[i]);
      all.add(ofTokens);
    }
    return all;
  }

  /** Returns advantages of the rewards from each turn on, relative to that turn of the others. */
  private static List<float[]> byTurn(Grpo grpo, Judged judged) {
    List<Sampling.Drawn> drawn = judged.drawn();
    List<float[]> all = new ArrayList<>();
    judged.samples().forEach(sample -> all.add(new float[sample.targets()]));
    int[] at = new int[drawn.size()];
    int turns = drawn.stream().mapToInt(draw -> draw.turns().size()).max().orElse(0);
    for (int turn = 0; turn < turns; turn++) {
      double[] rewards = new double[drawn.size()];
      for (int i = 0; i < rewards.length; i++) {
        // The total also has the rewards of the functions, which score the end of the episode.
        double before = drawn.get(i).rewardFrom(0) - drawn.get(i).rewardFrom(turn);
        rewards[i] = judged.rewards()[i] - before;
      }
      double[] advantages = GroupAdvantages.of(grpo.advantages(), rewards, grpo.groupSize());
      for (int i = 0; i < rewards.length; i++) {
        if (turn < drawn.get(i).turns().size()) {
          int from = at[i];
          at[i] += drawn.get(i).turns().get(turn).ids().length;
          Arrays.fill(all.get(i), from, at[i], (float) advantages[i]);
        }
      }
    }
    return all;
  }

  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Judged(List<Sampling.Drawn> drawn, List<Sample> samples, double[] rewards) {}

  /** Draws and scores completions; evaluations have a negative number and are not traced. */
  private Judged judged(
      Supplier<List<Sampling.Drawn>> drawing,
      int number,
      long seed,
      DynamicSampling resampling,
      MeanMetrics metrics) {
    long begun = System.nanoTime();
    List<Sampling.Drawn> drawn = new ArrayList<>(drawing.get());
    double generating = seconds(begun);
    begun = System.nanoTime();
    BatchRewards judgment = BatchRewards.of(WeightedReward.of(algorithm), drawn);
    double rewarding = seconds(begun);
    if (number >= 0) {
      draws.record(first(number), drawn, judgment);
    }
    if (resampling.attempts() > 0) {
      begun = System.nanoTime();
      metrics.add(MetricNames.RESAMPLED, resampling.replace(drawn, judgment, number, seed));
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
      float[] sampled = corrects() ? other.logProbs() : new float[0];
      samples.add(Sample.of(other.prompt().ids(), other.ids(), other.own(), counts, sampled));
    }
    return new Judged(drawn, samples, judgment.total());
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
      metrics.add(MetricNames.LENGTH, drawn.get(i).tokens());
      if (drawn.get(i).prompt().ofEpisode()) {
        reportTurns(drawn.get(i), metrics);
      }
    }
    for (int from = 0; groupSize > 1 && from < rewards.length; from += groupSize) {
      boolean equal = MeanVariance.of(rewards, from, from + groupSize).variance() == 0;
      metrics.add(MetricNames.EQUAL_GROUPS, equal ? 1 : 0);
    }
  }

  private static void reportTurns(Sampling.Drawn drawn, MeanMetrics metrics) {
    List<Turn.Call> calls =
        drawn.turns().stream().flatMap(turn -> turn.answer().calls().stream()).toList();
    metrics.add(MetricNames.TURNS, drawn.turns().size());
    metrics.add(MetricNames.CALLS, calls.size());
    metrics.add(
        MetricNames.FAILED_CALLS, (double) calls.stream().filter(Turn.Call::failed).count());
  }

  private static double seconds(long begun) {
    return (System.nanoTime() - begun) / 1e9;
  }
}
