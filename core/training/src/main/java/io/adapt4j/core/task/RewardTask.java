package io.adapt4j.core.task;

import java.util.Objects;

/**
 * Training of a reward model.
 *
 * @param marginField field of the rows with the margin; empty for none
 * @param centering coefficient of the squared sum of a pair's rewards in the loss
 */
public record RewardTask(String marginField, double centering) implements Task {

  /**
   * Checks the values. Throws {@link IllegalArgumentException} if centering is negative or not
   * finite.
   */
  public RewardTask {
    Objects.requireNonNull(marginField, "marginField");
    if (!(centering >= 0 && Double.isFinite(centering))) {
      throw new IllegalArgumentException("centering must be at least 0, found " + centering);
    }
  }

  /**
   * Requires the rewards of a pair to differ by at least a margin from a field of its row, which
   * pairs in memory can get with {@link io.adapt4j.core.data.Dataset#withField}.
   *
   * @param field name of the field, a number of at least 0
   * @return the task with the margin
   */
  public RewardTask margin(String field) {
    return new RewardTask(field, centering);
  }

  /**
   * Keeps rewards centered around 0 (Eisenstein et al. 2023); default 0, usually 0.01.
   *
   * @param coefficient coefficient of the squared sum of a pair's rewards in the loss
   * @return the task with centering
   */
  public RewardTask centering(double coefficient) {
    return new RewardTask(marginField, coefficient);
  }
}
