package io.adapt4j.core.task;

import java.util.Objects;

/**
 * Training of a reward model.
 *
 * @param marginField of the rows that holds the margin; empty to ask for none
 * @param centering what the square of the sum of a pair's rewards counts in the loss
 */
public record RewardTask(String marginField, double centering) implements Task {

  /**
   * Checks the values.
   *
   * @param marginField of the rows that holds the margin
   * @param centering what the square of the sum of a pair's rewards counts in the loss
   * @throws IllegalArgumentException if centering is negative or not finite
   */
  public RewardTask {
    Objects.requireNonNull(marginField, "marginField");
    if (!(centering >= 0 && Double.isFinite(centering))) {
      throw new IllegalArgumentException("centering must be at least 0, found " + centering);
    }
  }

  /**
   * Asks that the rewards of a pair differ by at least a number of its row, which pairs in memory
   * have from {@link io.adapt4j.core.data.Dataset#withField}.
   *
   * @param field of the row, a number of at least 0
   * @return the task with it
   */
  public RewardTask margin(String field) {
    return new RewardTask(field, centering);
  }

  /**
   * Keeps rewards around 0 (Eisenstein et al. 2023); default 0, usual is 0.01.
   *
   * @param coefficient what the square of the sum of a pair's rewards counts in the loss
   * @return the task with it
   */
  public RewardTask centering(double coefficient) {
    return new RewardTask(marginField, coefficient);
  }
}
