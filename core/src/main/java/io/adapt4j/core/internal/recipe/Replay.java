package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;

/**
 * Rows of what is not to be forgotten.
 *
 * @param data the rows
 * @param share of all rows of an epoch
 */
public record Replay(Dataset data, double share) {

  void check(Checks checks) {
    checks.dataset("replay", data);
    checks.require(
        share > 0 && share < 1, "the share of replay must be above 0 and below 1, found " + share);
  }

  /**
   * Mixes the rows into others.
   *
   * @param train the others
   * @param seed decides the mixture
   * @return the mixture
   */
  public Dataset mixedInto(Dataset train, long seed) {
    return Datasets.replay(train, data, share, seed);
  }
}
