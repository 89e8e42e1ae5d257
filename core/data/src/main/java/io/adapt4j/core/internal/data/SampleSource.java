package io.adapt4j.core.internal.data;

/** Indexed samples with their weights in the loss. */
interface SampleSource {

  int size();

  TrainingSample get(int sample);

  /**
   * Returns a placeholder with the same numbers of tokens and targets as a sample, for counting
   * only.
   */
  default TrainingSample outline(int sample) {
    return get(sample);
  }

  double weight(int sample);
}
