package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;

/** Rows of an earlier task, mixed into the training data so that it is not forgotten. */
public record Replay(Dataset data, double share) {

  void check(Checks checks) {
    checks.dataset("replay", data);
    checks.require(
        share > 0 && share < 1, "the share of replay must be above 0 and below 1, found " + share);
  }

  /** Mixes the rows into others. */
  public Dataset mixedInto(Dataset train, long seed) {
    return Datasets.replay(train, data, share, seed);
  }
}
