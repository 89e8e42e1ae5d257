package io.adapt4j.core.task;

/**
 * See {@link Task#sequenceToSequence}.
 *
 * @param labelSmoothing share of each target's weight that is spread over all tokens in training
 *     (Szegedy et al. 2016); not used in validation
 */
public record SequenceToSequenceTask(double labelSmoothing) implements Task {

  /** Rejects shares outside [0, 1). */
  public SequenceToSequenceTask {
    if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
      throw new IllegalArgumentException(
          "labelSmoothing: expected at least 0 and below 1, found " + labelSmoothing);
    }
  }

  /**
   * Returns the task with label smoothing.
   *
   * @param share at least 0 and below 1, often 0.1
   * @return a changed copy
   */
  public SequenceToSequenceTask labelSmoothing(double share) {
    return new SequenceToSequenceTask(share);
  }
}
