package io.adapt4j.core.augment;

/**
 * What an augmentation will cost at least and at most, before anything is asked. What is kept from
 * an earlier run is not deducted.
 *
 * @param rows rows of the dataset
 * @param texts texts in them that get other paraphrases or questions
 * @param calls requests if everything is accepted at once
 * @param mostCalls requests if nothing is accepted until the attempts are used up
 * @param promptTokens tokens to read in {@code calls} requests
 * @param newTokens tokens to write in them, taking a paraphrase to be as long as its original
 */
public record AugmentationPlan(
    int rows, int texts, long calls, long mostCalls, long promptTokens, long newTokens) {

  /**
   * Estimates the price of {@link #calls}.
   *
   * @param perMillionRead price of a million tokens read
   * @param perMillionWritten price of a million tokens written
   * @return the price, in the same currency
   */
  public double cost(double perMillionRead, double perMillionWritten) {
    return (promptTokens * perMillionRead + newTokens * perMillionWritten) / 1e6;
  }
}
