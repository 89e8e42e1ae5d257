package io.adapt4j.core.data;

import java.util.Optional;

/** The rows of another dataset with weights. */
final class Weighted implements Dataset {

  private final Dataset all;
  private final double[] weights;
  private final DataOrigin origin;

  Weighted(Dataset all, double[] weights) {
    this(all, weights, all.origin().thenUntold("weights given by a program"));
  }

  Weighted(Dataset all, double[] weights, DataOrigin origin) {
    if (weights.length != all.size()) {
      throw new IllegalArgumentException(
          "expected a weight for each of " + all.size() + " rows, found " + weights.length);
    }
    for (int row = 0; row < weights.length; row++) {
      if (!(weights[row] > 0 && weights[row] < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "weight of row " + row + " must be above 0 and finite, found " + weights[row]);
      }
    }
    this.all = all;
    this.weights = weights.clone();
    this.origin = origin;
  }

  @Override
  public DataOrigin origin() {
    return origin;
  }

  @Override
  public String name() {
    return all.name();
  }

  @Override
  public int size() {
    return all.size();
  }

  @Override
  public Example get(int row) {
    return all.get(row);
  }

  @Override
  public String locate(int row) {
    return all.locate(row);
  }

  @Override
  public Optional<Row> source(int row) {
    return all.source(row);
  }

  @Override
  public double weight(int row) {
    return all.weight(row) * weights[row];
  }
}
