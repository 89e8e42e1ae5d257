package io.adapt4j.core.internal.task.rl;

import java.util.List;

/** Completions sampled from one policy state, ready to train on. */
record Rollout(int number, List<Sample> samples, MeanMetrics metrics, double nextKl) {

  Rollout {
    samples = List.copyOf(samples);
  }
}
