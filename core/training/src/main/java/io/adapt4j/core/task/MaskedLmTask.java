package io.adapt4j.core.task;

/**
 * See {@link Task#maskedTokens(double)}.
 *
 * @param probability probability of masking a token
 */
public record MaskedLmTask(double probability) implements Task {

  /** Rejects probabilities outside (0, 1). */
  public MaskedLmTask {
    if (!(probability > 0 && probability < 1)) {
      throw new IllegalArgumentException(
          "maskedTokens: expected a probability above 0 and below 1, found " + probability);
    }
  }
}
