package io.adapt4j.verification;

import io.adapt4j.core.internal.optim.Lbfgs;
import java.util.List;

/**
 * Multinomial logistic regression with an L2 penalty of 1/2 on the summed loss, the bias free: the
 * objective of scikit-learn's {@code LogisticRegression} with its default {@code C = 1}.
 */
final class LogisticRegression {

  private static final int ITERATIONS = 300;
  private static final int HISTORY = 10;

  private final double[] weights;
  private final int classes;

  private LogisticRegression(double[] weights, int classes) {
    this.weights = weights;
    this.classes = classes;
  }

  /** Fits weights [classes, width + 1], the bias last, to vectors of one width. */
  static LogisticRegression fit(List<float[]> vectors, int[] labels, int classes) {
    int columns = vectors.get(0).length + 1;
    double[] found =
        Lbfgs.minimize(
            (point, gradient) -> {
              double value = penalty(point, gradient, columns, vectors.size());
              for (int row = 0; row < labels.length; row++) {
                float[] vector = vectors.get(row);
                double[] scores = scores(point, vector, classes);
                value += slopes(scores, labels[row]) / labels.length;
                for (int c = 0; c < classes; c++) {
                  double slope = scores[c] / labels.length;
                  for (int i = 0; i < vector.length; i++) {
                    gradient[c * columns + i] += slope * vector[i];
                  }
                  gradient[c * columns + vector.length] += slope;
                }
              }
              return value;
            },
            new double[classes * columns],
            ITERATIONS,
            HISTORY);
    return new LogisticRegression(found, classes);
  }

  /** Returns the most probable class of a vector. */
  int classOf(float[] vector) {
    double[] scores = scores(weights, vector, classes);
    int best = 0;
    for (int c = 1; c < classes; c++) {
      if (scores[c] > scores[best]) {
        best = c;
      }
    }
    return best;
  }

  private static double penalty(double[] point, double[] gradient, int columns, int rows) {
    double value = 0;
    for (int i = 0; i < point.length; i++) {
      boolean bias = i % columns == columns - 1;
      gradient[i] = bias ? 0 : point[i] / rows;
      value += gradient[i] * point[i] / 2;
    }
    return value;
  }

  private static double[] scores(double[] weights, float[] vector, int classes) {
    double[] scores = new double[classes];
    int columns = vector.length + 1;
    for (int c = 0; c < classes; c++) {
      double sum = weights[c * columns + vector.length];
      for (int i = 0; i < vector.length; i++) {
        sum += weights[c * columns + i] * vector[i];
      }
      scores[c] = sum;
    }
    return scores;
  }

  /**
   * Converts scores to gradients (probabilities minus the one-hot label); returns the cross
   * entropy.
   */
  private static double slopes(double[] scores, int label) {
    double highest = Double.NEGATIVE_INFINITY;
    for (double score : scores) {
      highest = Math.max(highest, score);
    }
    double sum = 0;
    for (double score : scores) {
      sum += Math.exp(score - highest);
    }
    double wanted = scores[label];
    for (int c = 0; c < scores.length; c++) {
      scores[c] = Math.exp(scores[c] - highest) / sum;
    }
    scores[label] -= 1;
    return Math.log(sum) + highest - wanted;
  }
}
