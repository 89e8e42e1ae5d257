package io.adapt4j.upkeep.drift;

import java.util.function.IntPredicate;

/**
 * L2-regularized logistic regression with scikit-learn's objective at C = 1, minimized by
 * Nesterov's accelerated gradient method. Deterministic.
 */
final class LogisticRegression {

  private static final int ITERATIONS = 300;
  private static final double TOLERANCE = 1e-5;

  private final Features features;
  private final double[] weights;

  private LogisticRegression(Features features, double[] weights) {
    this.features = features;
    this.weights = weights;
  }

  /** Fits a model of whether a row is positive, on some of the rows. */
  static LogisticRegression fit(Features features, int[] rows, IntPredicate positive) {
    // The last weight is the bias, which is regularized like the others: it does not affect ranks.
    int bias = features.dimension();
    double lambda = 1.0 / rows.length;
    double lipschitz = 0.25 * (features.largestSquaredNorm() + 1) + lambda;
    double root = Math.sqrt(lipschitz / lambda);
    double momentum = (root - 1) / (root + 1);
    double[] weights = new double[bias + 1];
    double[] ahead = new double[bias + 1];
    double[] gradient = new double[bias + 1];
    LogisticRegression model = new LogisticRegression(features, ahead);
    for (int iteration = 0; iteration < ITERATIONS; iteration++) {
      for (int i = 0; i <= bias; i++) {
        gradient[i] = lambda * ahead[i];
      }
      for (int row : rows) {
        double error = model.probability(row) - (positive.test(row) ? 1 : 0);
        features.addTo(gradient, row, error / rows.length);
        gradient[bias] += error / rows.length;
      }
      double largest = 0;
      for (int i = 0; i <= bias; i++) {
        double moved = ahead[i] - gradient[i] / lipschitz;
        ahead[i] = moved + momentum * (moved - weights[i]);
        weights[i] = moved;
        largest = Math.max(largest, Math.abs(gradient[i]));
      }
      if (largest < TOLERANCE) {
        break;
      }
    }
    return new LogisticRegression(features, weights);
  }

  double probability(int row) {
    double margin = features.dot(weights, row) + weights[features.dimension()];
    return 1 / (1 + Math.exp(-margin));
  }
}
