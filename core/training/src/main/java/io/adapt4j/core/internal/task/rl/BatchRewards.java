package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.train.TrainingException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rewards of completions.
 *
 * @param total weighted sum of each completion; NaN if a function returned none
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record BatchRewards(double[] total, Map<String, double[]> metrics) {

  /** Name of the environment's reward among the metrics. */
  private static final String ENVIRONMENT = "environment";

  static BatchRewards of(List<WeightedReward> rewards, List<Sampling.Drawn> drawn) {
    BatchRewards all = scored(rewards, drawn);
    if (Arrays.stream(all.total).allMatch(Double::isNaN)) {
      throw new TrainingException(
          ("None of the %s completions of a rollout could be judged: each got NaN or an"
                  + " infinite reward from one of %s. The first is '%s', after the prompt"
                  + " '%s'. Correct the functions, or the fields of the rows that they read.")
              .formatted(
                  all.total.length,
                  rewards,
                  drawn.get(0).completion().text(),
                  drawn.get(0).prompt().text()));
    }
    return all;
  }

  /** Computes rewards, of which all may be NaN. */
  static BatchRewards scored(List<WeightedReward> rewards, List<Sampling.Drawn> drawn) {
    List<Completion> completions = drawn.stream().map(Sampling.Drawn::completion).toList();
    double[] total = new double[completions.size()];
    Map<String, double[]> metrics = new LinkedHashMap<>();
    for (WeightedReward reward : rewards) {
      double[] scores = scores(reward, completions);
      metrics.put(reward.name(), scores);
      for (int i = 0; i < total.length; i++) {
        total[i] += reward.weight() * scores[i];
      }
    }
    if (drawn.stream().anyMatch(draw -> draw.prompt().ofEpisode())) {
      double[] scores = drawn.stream().mapToDouble(draw -> finite(draw.rewardFrom(0))).toArray();
      metrics.put(ENVIRONMENT, scores);
      for (int i = 0; i < total.length; i++) {
        total[i] += scores[i];
      }
    }
    return new BatchRewards(total, metrics);
  }

  /** Replaces the rewards of completions by others. */
  void replace(int at, BatchRewards others, int from, int count) {
    System.arraycopy(others.total, from, total, at, count);
    metrics.forEach(
        (name, scores) -> System.arraycopy(others.metrics.get(name), from, scores, at, count));
  }

  private static double[] scores(WeightedReward reward, List<Completion> completions) {
    double[] scores;
    try {
      scores = reward.function().scoreAll(completions).clone();
    } catch (RuntimeException e) {
      throw new TrainingException("The reward '" + reward.name() + "' failed: " + e, e);
    }
    if (scores.length != completions.size()) {
      throw new TrainingException(
          "The reward '%s' gave %s numbers for %s completions; it must give one for each."
              .formatted(reward.name(), scores.length, completions.size()));
    }
    for (int i = 0; i < scores.length; i++) {
      scores[i] = finite(scores[i]);
    }
    return scores;
  }

  private static double finite(double score) {
    return Double.isInfinite(score) ? Double.NaN : score;
  }
}
