package io.adapt4j.core.spi;

/**
 * A row of data as a {@link TrainingObjective} has encoded it.
 *
 * @param tokens what the model reads, at least one token id
 * @param positions where the scores of the vocabulary are asked for, ascending, each an index into
 *     the tokens; the scores at position i say which token comes after token i. Empty for an
 *     objective with text outputs
 * @param targets what the objective itself wants to know in its loss, such as token ids or a number
 */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record ObjectiveSample(int[] tokens, int[] positions, float[] targets) {

  /**
   * Checks tokens and positions.
   *
   * @param tokens at least one token id
   * @param positions ascending indices into the tokens
   * @param targets what the objective wants to know
   * @throws IllegalArgumentException if there is no token, or positions are not ascending indices
   */
  public ObjectiveSample {
    if (tokens.length == 0) {
      throw new IllegalArgumentException("tokens: expected at least one, found none");
    }
    int last = -1;
    for (int position : positions) {
      if (position <= last || position >= tokens.length) {
        throw new IllegalArgumentException(
            "positions: expected ascending indices below %s, found %s after %s"
                .formatted(tokens.length, position, last));
      }
      last = position;
    }
  }

  /**
   * Makes a sample for an objective with text outputs.
   *
   * @param tokens at least one token id
   * @param targets what the objective wants to know
   * @return the sample, without positions
   */
  public static ObjectiveSample ofText(int[] tokens, float... targets) {
    return new ObjectiveSample(tokens, new int[0], targets);
  }
}
