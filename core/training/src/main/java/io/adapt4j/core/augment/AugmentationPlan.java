package io.adapt4j.core.augment;

/**
 * Estimated minimum and maximum cost of an augmentation, before any request. Cached answers of an
 * earlier run are not deducted.
 *
 * @param rows number of rows in the dataset
 * @param texts number of their texts to be paraphrased or asked about
 * @param calls number of requests if everything is accepted at the first attempt
 * @param mostCalls number of requests if all attempts are used up
 * @param promptTokens prompt tokens of {@code calls} requests
 * @param newTokens generated tokens of these requests, assuming that a paraphrase is as long as its
 *     original
 */
public record AugmentationPlan(
    int rows, int texts, long calls, long mostCalls, long promptTokens, long newTokens) {

  /**
   * Estimates the price of {@link #calls}.
   *
   * @param perMillionRead price of a million prompt tokens
   * @param perMillionWritten price of a million generated tokens
   * @return the price, in the same currency
   */
  public double cost(double perMillionRead, double perMillionWritten) {
    return (promptTokens * perMillionRead + newTokens * perMillionWritten) / 1e6;
  }
}
