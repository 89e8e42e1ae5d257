package io.adapt4j.core.train;

import java.util.Objects;

/**
 * An observation in a run's metrics that usually means it is not going well, in words.
 *
 * @param kind kind of observation
 * @param step optimizer steps done at the time of the observation
 * @param message the observation, one sentence
 * @param remedy what to try, one or two sentences
 */
public record TrainingWarning(Kind kind, int step, String message, String remedy) {

  /** Kinds of warnings. */
  public enum Kind {
    /** The last evaluation is worse than the one before training. */
    ENDED_WORSE,
    /** The validation loss rises while the training loss falls. */
    OVERFITTING,
    /** Some gradients are far larger than usual in the run. */
    GRADIENT_SPIKES,
    /** The loss is almost 0: the answers may be leaked in the prompts. */
    LOSS_NEAR_ZERO,
    /** The loss does not fall. */
    NOTHING_LEARNED,
    /** Losses or gradients are NaN or infinite. */
    LOSS_NOT_FINITE,
    /** The training loss increases. */
    LOSS_RISING,
    /** Sampled answers run into the length limit although those of the data end. */
    ANSWERS_NEVER_END,
    /** The run ended while its loss was still falling. */
    STILL_FALLING,
    /** The process needs more and more memory. */
    MEMORY_GROWING,
    /** Some adapted modules had no gradient in the first step. */
    NO_GRADIENT
  }

  /** Checks that no value is null. Throws {@link NullPointerException} if something is null. */
  public TrainingWarning {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(remedy, "remedy");
  }

  /**
   * Returns the observation and the remedy.
   *
   * @return readable sentences
   */
  public String text() {
    return message + " " + remedy;
  }
}
