package io.adapt4j.eval.internal.metric;

/**
 * Regression metrics, equal to scikit-learn and SciPy. Keeps sums only; sums of squares are taken
 * about the running mean (Chan, Golub and LeVeque 1983, "Algorithms for Computing the Sample
 * Variance"). {@link RankCorrelation} has Spearman's correlation.
 */
public final class Regression {

  private long rows;
  private double meanTruth;
  private double meanPredicted;
  private double squaresTruth;
  private double squaresPredicted;
  private double products;
  private double squaredErrors;
  private double absoluteErrors;

  /** Creates a metric without rows. */
  public Regression() {}

  public void add(double truth, double predicted) {
    Rows.finite(rows + 1, "the true number", truth);
    Rows.finite(rows + 1, "the predicted number", predicted);
    Regression regression = new Regression();
    regression.rows = 1;
    regression.meanTruth = truth;
    regression.meanPredicted = predicted;
    regression.squaredErrors = (truth - predicted) * (truth - predicted);
    regression.absoluteErrors = Math.abs(truth - predicted);
    merge(regression);
  }

  /** Adds all counts of another. */
  public void merge(Regression other) {
    if (other.rows == 0) {
      return;
    }
    double all = (double) rows + other.rows;
    double apartTruth = other.meanTruth - meanTruth;
    double apartPredicted = other.meanPredicted - meanPredicted;
    double weight = rows * (other.rows / all);
    squaresTruth += other.squaresTruth + apartTruth * apartTruth * weight;
    squaresPredicted += other.squaresPredicted + apartPredicted * apartPredicted * weight;
    products += other.products + apartTruth * apartPredicted * weight;
    meanTruth += apartTruth * (other.rows / all);
    meanPredicted += apartPredicted * (other.rows / all);
    squaredErrors += other.squaredErrors;
    absoluteErrors += other.absoluteErrors;
    rows += other.rows;
  }

  public double meanSquaredError() {
    Rows.some("Mean squared error", rows);
    return squaredErrors / rows;
  }

  public double meanAbsoluteError() {
    Rows.some("Mean absolute error", rows);
    return absoluteErrors / rows;
  }

  /** Returns the coefficient of determination. */
  public double r2() {
    Rows.some("R2", rows);
    if (rows == 1) {
      return Double.NaN;
    }
    if (squaresTruth == 0) {
      return squaredErrors == 0 ? 1 : 0;
    }
    return 1 - squaredErrors / squaresTruth;
  }

  public double pearson() {
    Rows.some("Pearson's correlation", rows);
    double value = products / (Math.sqrt(squaresTruth) * Math.sqrt(squaresPredicted));
    return Math.max(-1, Math.min(1, value));
  }
}
