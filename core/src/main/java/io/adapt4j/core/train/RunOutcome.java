package io.adapt4j.core.train;

/** What training did to the model, by the validation loss or the metric that decides. */
public enum RunOutcome {
  /** There is nothing to compare: no validation data, or no number before training. */
  NOT_MEASURED,
  /** An evaluation was better than the one before training, and the last one is not worse. */
  IMPROVED,
  /** No evaluation was better than the one before training, and the last one is not worse. */
  NOT_IMPROVED,
  /** The last evaluation is worse than the one before training. */
  WORSE
}
