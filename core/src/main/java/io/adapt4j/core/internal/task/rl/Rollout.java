package io.adapt4j.core.internal.task.rl;

import java.util.List;

/**
 * Completions of one state of the policy, ready to train on.
 *
 * @param number of the rollout in the run, from 0
 * @param samples its completions, those of a prompt after each other
 * @param metrics what they came to
 * @param nextKl coefficient of the divergence in the next rollout
 */
record Rollout(int number, List<Sample> samples, MeanMetrics metrics, double nextKl) {

  Rollout {
    samples = List.copyOf(samples);
  }
}
