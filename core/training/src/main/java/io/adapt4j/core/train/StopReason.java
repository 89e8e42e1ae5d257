package io.adapt4j.core.train;

/** The reason why a training run ended. */
public enum StopReason {
  /** All steps were done. */
  COMPLETED,
  /** The validation loss stopped improving. */
  EARLY_STOPPED,
  /** A stop was requested, and the run ended after the step in progress. */
  STOP_REQUESTED,
  /** An error ended the run. */
  FAILED
}
