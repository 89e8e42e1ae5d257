package io.adapt4j.core.internal.data;

/** Samples by number, with their weights in the loss. */
interface SampleSource {

  int size();

  TrainingSample get(int sample);

  double weight(int sample);
}
