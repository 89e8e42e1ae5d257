package io.adapt4j.upkeep.drift;

import io.adapt4j.eval.stats.ConfidenceInterval;
import io.adapt4j.upkeep.internal.Distributions;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Test of whether a classifier tells the rows of two periods apart.
 *
 * <p>Rows of each period are shuffled into folds. Each fold but the first is scored by a model that
 * was fitted to the folds before it. Ordinary cross-fitting, where every fold is scored by a model
 * of all others, is too optimistic here: without drift the model has nothing to converge to, its
 * noise is shared by the folds, and their AUCs rise and fall together. In order, each AUC has an
 * expectation of one half given the folds before it, so that the AUCs are uncorrelated and their
 * variances add (Luedtke and van der Laan 2016, "Statistical Inference for the Mean Outcome Under a
 * Possibly Non-Unique Optimal Treatment Strategy"). Later folds, scored by better models, weigh
 * more.
 */
final class DomainClassifier {

  /** The 97.5 percent quantile of the normal distribution. */
  private static final double Z = 1.959963984540054;

  private final Features features;
  private final int referenceRows;
  private final int[][] folds;

  /** Prepares the test of features of reference rows, followed by those of rows now. */
  DomainClassifier(Features features, int referenceRows, int nowRows, int folds, long seed) {
    this.features = features;
    this.referenceRows = referenceRows;
    SplittableRandom random = new SplittableRandom(seed);
    int[] reference = shuffled(0, referenceRows, random);
    int[] now = shuffled(referenceRows, nowRows, random);
    this.folds = new int[folds][];
    Arrays.setAll(
        this.folds,
        fold -> IntStream.concat(part(reference, fold), part(now, fold)).sorted().toArray());
  }

  /**
   * Outcome of the test.
   *
   * @param auc area under the ROC curve over the folds, with a 95 percent interval
   * @param pValue probability of so high an area if the periods do not differ
   */
  record Outcome(ConfidenceInterval auc, double pValue) {}

  /** Returns a range of rows in random order. */
  static int[] shuffled(int first, int count, SplittableRandom random) {
    int[] rows = IntStream.range(first, first + count).toArray();
    for (int i = count - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int row = rows[i];
      rows[i] = rows[other];
      rows[other] = row;
    }
    return rows;
  }

  private IntStream part(int[] rows, int fold) {
    int from = (int) ((long) rows.length * fold / folds.length);
    int to = (int) ((long) rows.length * (fold + 1) / folds.length);
    return Arrays.stream(rows, from, to);
  }

  private LogisticRegression fit(int from, int to, int without) {
    int[] rows =
        IntStream.range(from, to)
            .filter(fold -> fold != without)
            .mapToObj(fold -> folds[fold])
            .flatMapToInt(Arrays::stream)
            .toArray();
    return LogisticRegression.fit(features, rows, row -> row >= referenceRows);
  }

  Outcome test() {
    double weights = 0;
    double auc = 0;
    double nullVariance = 0;
    double variance = 0;
    for (int fold = 1; fold < folds.length; fold++) {
      LogisticRegression model = fit(0, fold, -1);
      RankSum ranks =
          RankSum.of(
              scores(model, Arrays.stream(folds[fold]).filter(row -> row < referenceRows)),
              scores(model, Arrays.stream(folds[fold]).filter(row -> row >= referenceRows)));
      double weight = Math.sqrt(fold);
      weights += weight;
      auc += weight * ranks.auc();
      nullVariance += weight * weight * ranks.nullVariance();
      variance += weight * weight * ranks.variance();
    }
    auc /= weights;
    double half = Z * Math.sqrt(variance) / weights;
    double pValue =
        nullVariance > 0
            ? Distributions.normalTail((auc - 0.5) * weights / Math.sqrt(nullVariance))
            : 1;
    return new Outcome(
        new ConfidenceInterval(auc, Math.max(0, auc - half), Math.min(1, auc + half), 0.95),
        pValue);
  }

  /** Scores every row now by a model of all folds but its own. */
  double[] nowScores(int nowRows) {
    double[] scores = new double[nowRows];
    for (int fold = 0; fold < folds.length; fold++) {
      LogisticRegression model = fit(0, folds.length, fold);
      for (int row : folds[fold]) {
        if (row >= referenceRows) {
          scores[row - referenceRows] = model.probability(row);
        }
      }
    }
    return scores;
  }

  private static double[] scores(LogisticRegression model, IntStream rows) {
    return rows.mapToDouble(model::probability).toArray();
  }
}
