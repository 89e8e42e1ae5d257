package io.adapt4j.core.train;

import java.util.Objects;

/**
 * Something in a run's figures that usually means it is not going well, in words.
 *
 * @param kind what was noticed
 * @param step optimizer steps done when it was noticed
 * @param message what the figures show, one sentence
 * @param remedy what to try, one or two sentences
 */
public record TrainingWarning(Kind kind, int step, String message, String remedy) {

  /** What can be noticed. */
  public enum Kind {
    /** The last evaluation is worse than the one before training. */
    ENDED_WORSE,
    /** The validation loss rises while the training loss falls. */
    OVERFITTING,
    /** Some gradients are far larger than is usual in the run. */
    GRADIENT_SPIKES,
    /** The loss is almost 0: the answers may be given away. */
    LOSS_NEAR_ZERO,
    /** The loss does not fall. */
    NOTHING_LEARNED,
    /** Losses or gradients are NaN or infinite. */
    LOSS_NOT_FINITE,
    /** The training loss rises. */
    LOSS_RISING,
    /** Sampled answers go on to the limit, though those of the data end. */
    ANSWERS_NEVER_END,
    /** The run ended while its loss was still falling. */
    STILL_FALLING,
    /** The process needs more and more memory. */
    MEMORY_GROWING
  }

  /**
   * Checks that all is given.
   *
   * @param kind what was noticed
   * @param step optimizer steps done when it was noticed
   * @param message what the figures show
   * @param remedy what to try
   * @throws NullPointerException if something is null
   */
  public TrainingWarning {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(remedy, "remedy");
  }

  /**
   * Returns what was noticed and what to try.
   *
   * @return sentences for people
   */
  public String text() {
    return message + " " + remedy;
  }
}
