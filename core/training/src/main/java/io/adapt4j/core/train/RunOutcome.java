package io.adapt4j.core.train;

/** Effect of training on the model, by the validation loss or the metric for the best model. */
public enum RunOutcome {
  /** There is nothing to compare: no validation data, or no evaluation before training. */
  NOT_MEASURED,
  /** An evaluation was better than the one before training, and the last one is not worse. */
  IMPROVED,
  /** No evaluation was better than the one before training, and the last one is not worse. */
  NOT_IMPROVED,
  /** The last evaluation is worse than the one before training. */
  WORSE
}
