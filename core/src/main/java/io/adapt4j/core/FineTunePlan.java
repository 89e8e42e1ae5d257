package io.adapt4j.core;

/**
 * What a run will do, known before any weight is read.
 *
 * @param steps optimizer steps
 * @param trainExamples rows trained on
 * @param validationExamples rows held out
 * @param leftOut rows that cannot be used: too long, or nothing to learn in them
 * @param truncated rows that are cut to the sequence limit
 * @param split rows that are split to the sequence limit
 * @param targetTokensPerEpoch tokens learned from in one pass; texts where labels are of texts
 * @param trainableParameters values that train
 * @param totalParameters values of the base model
 */
public record FineTunePlan(
    int steps,
    int trainExamples,
    int validationExamples,
    int leftOut,
    int truncated,
    int split,
    long targetTokensPerEpoch,
    long trainableParameters,
    long totalParameters) {

  /**
   * Returns the share of the base model's size that trains.
   *
   * @return trainable over total parameters; can exceed 1 only for adapters larger than the model
   */
  public double trainableRatio() {
    return (double) trainableParameters / totalParameters;
  }
}
