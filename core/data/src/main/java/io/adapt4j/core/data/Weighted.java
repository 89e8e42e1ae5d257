package io.adapt4j.core.data;

/** View with weights. */
final class Weighted extends DatasetView {

  private final double[] weights;

  Weighted(Dataset all, double[] weights) {
    this(all, weights, all.origin().thenOmitted("weights given by a program"));
  }

  Weighted(Dataset all, double[] weights, DataOrigin origin) {
    super(all, origin);
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
    this.weights = weights.clone();
  }

  @Override
  public double weight(int row) {
    return super.weight(row) * weights[row];
  }
}
