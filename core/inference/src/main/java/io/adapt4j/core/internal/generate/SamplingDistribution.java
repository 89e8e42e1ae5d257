package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.GenerationOptions;

/** Distribution that a next token is drawn from. */
public final class SamplingDistribution {

  private SamplingDistribution() {}

  /** Returns the probability of each token, 0 for those that the options remove. */
  public static double[] of(GenerationOptions options, float[] logits) {
    return new Sampler(options, 0, new int[0]).probabilities(logits);
  }
}
