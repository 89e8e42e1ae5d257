package io.adapt4j.core.train.spi;

/**
 * A row of data as encoded by a {@link TrainingObjective}.
 *
 * @param tokens the input token ids, at least one
 * @param positions positions whose logits are used, ascending indices into the tokens; the logits
 *     at position i predict the token after token i. Empty for an objective with text outputs
 * @param targets values for the objective's own loss, such as token ids or a number
 */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record ObjectiveSample(int[] tokens, int[] positions, float[] targets) {

  /**
   * Checks tokens and positions. Throws {@link IllegalArgumentException} if there is no token, or
   * positions are not ascending indices.
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
   * Creates a sample for an objective with text outputs.
   *
   * @param tokens at least one token id
   * @param targets values for the objective's own loss
   * @return the sample, without positions
   */
  public static ObjectiveSample ofText(int[] tokens, float... targets) {
    return new ObjectiveSample(tokens, new int[0], targets);
  }
}
