package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.task.episode.EpisodeTraces;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;

/** Replacement of groups whose rewards are all equal by groups of other prompts (DAPO, eq. 11). */
record DynamicSampling(
    Draws draws,
    List<WeightedReward> rewards,
    int groupSize,
    int attempts,
    IntFunction<PromptRows.Prompt> others) {

  /** Seed offset between attempts. */
  private static final long ATTEMPTS = 0xBF58476D1CE4E5B9L;

  /** Replaces groups in both arguments and returns how many. */
  int replace(List<Sampling.Drawn> drawn, BatchRewards judgment, int rollout, long seed) {
    int replaced = 0;
    int next = 0;
    List<Integer> equal = equal(judgment);
    for (int attempt = 1; attempt <= attempts && !equal.isEmpty(); attempt++) {
      List<PromptRows.Prompt> prompts = new ArrayList<>();
      for (int i = 0; i < equal.size(); i++) {
        prompts.addAll(Collections.nCopies(groupSize, others.apply(next++)));
      }
      EpisodeTraces.Name name = new EpisodeTraces.Name(rollout, attempt);
      List<Sampling.Drawn> tried = draws.draw(prompts, seed + ATTEMPTS * attempt, name);
      BatchRewards found = BatchRewards.scored(rewards, tried);
      draws.record(name, tried, found);
      List<Integer> useless = equal(found);
      for (int i = 0; i < equal.size(); i++) {
        int from = i * groupSize;
        if (!useless.contains(from)) {
          int at = equal.get(i);
          for (int j = 0; j < groupSize; j++) {
            drawn.set(at + j, tried.get(from + j));
          }
          judgment.replace(at, found, from, groupSize);
          replaced++;
        }
      }
      equal = equal(judgment);
    }
    return replaced;
  }

  /** Returns the first completion of each group with equal rewards. */
  private List<Integer> equal(BatchRewards judgment) {
    double[] total = judgment.total();
    List<Integer> starts = new ArrayList<>();
    for (int from = 0; from < total.length; from += groupSize) {
      if (MeanVariance.of(total, from, from + groupSize).variance() == 0) {
        starts.add(from);
      }
    }
    return starts;
  }
}
