package io.adapt4j.core.internal.data;

/** Samples by number, with their weights in the loss. */
interface SampleSource {

  int size();

  TrainingSample get(int sample);

  /** A sample of as many tokens and targets as another, to be counted only. */
  default TrainingSample outline(int sample) {
    return get(sample);
  }

  double weight(int sample);
}
