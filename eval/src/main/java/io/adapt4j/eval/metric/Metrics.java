package io.adapt4j.eval.metric;

import io.adapt4j.eval.metric.RowMetric.Adder;
import io.adapt4j.eval.metric.RowMetric.Operations;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.function.Supplier;

/** The metrics. Rows are a prediction and what it is compared with, in this order. */
public final class Metrics {
  private static final int DEFAULT_BINS = 15;

  private Metrics() {}

  /** The level of measurement of ratings. */
  public enum Level {
    /** Names. */
    NOMINAL,
    /** Ranks. */
    ORDINAL,
    /** Numbers whose differences count. */
    INTERVAL
  }

  private static <A, P, T, R> Metric<P, T, R> metric(
      Supplier<A> empty, Adder<A, P, T> adder, BiConsumer<A, A> merger, Function<A, R> result) {
    return new RowMetric<>(new Operations<>(empty, adder, merger, result));
  }

  /**
   * {@return corpus BLEU as sacrebleu computes it by default; a row is a text and its references}
   */
  public static Metric<String, List<String>, BleuScore> bleu() {
    return bleu(BleuOptions.DEFAULT);
  }

  /**
   * Makes corpus BLEU.
   *
   * @param options how to count; {@link BleuOptions#withEffectiveOrder} is advisable for the score
   *     of a single sentence ({@link Metric#of})
   * @return the metric; a row is a text and its references
   */
  public static Metric<String, List<String>, BleuScore> bleu(BleuOptions options) {
    return metric(() -> new Bleu(options), Bleu::add, Bleu::merge, Bleu::score);
  }

  /** {@return corpus chrF; a row is a text and its references} */
  public static Metric<String, List<String>, ChrfScore> chrf() {
    return chrf(ChrfOptions.CHRF);
  }

  /**
   * Makes corpus chrF or chrF++.
   *
   * @param options how to count
   * @return the metric; a row is a text and its references
   */
  public static Metric<String, List<String>, ChrfScore> chrf(ChrfOptions options) {
    return metric(
        () -> new Chrf(options),
        Chrf::add,
        Chrf::merge,
        chrf -> new ChrfScore(chrf.score(), chrf.signature()));
  }

  /**
   * Makes ROUGE as the Python package rouge_score computes it: words of a-z and 0-9 only, so other
   * scripts score 0.
   *
   * @param stemmed whether words are compared by their English stems (Porter's)
   * @return the metric: means of {@code rouge1}, {@code rouge2}, {@code rouge3}, {@code rougeL} and
   *     {@code rougeLsum}; a row is a text and its reference
   */
  public static Metric<String, String, Map<String, F1Score>> rouge(boolean stemmed) {
    return metric(() -> new Rouge(stemmed), Rouge::add, Rouge::merge, Rouge::scores);
  }

  /** {@return SQuAD's share of exact matches; a row is an answer and all right ones} */
  public static Metric<String, List<String>, Double> exactMatch() {
    return metric(
        SquadAnswers::new, SquadAnswers::add, SquadAnswers::merge, SquadAnswers::exactMatch);
  }

  /** {@return SQuAD's mean F1 of words; a row is an answer and all right ones} */
  public static Metric<String, List<String>, Double> answerF1() {
    return metric(SquadAnswers::new, SquadAnswers::add, SquadAnswers::merge, SquadAnswers::f1);
  }

  /**
   * Normalizes an answer as {@link #exactMatch} and {@link #answerF1} do.
   *
   * @param answer the answer
   * @return lower case without punctuation, articles and extra white space
   */
  public static String normalizeAnswer(String answer) {
    return SquadAnswers.normalize(answer);
  }

  /**
   * Makes the metrics of a classifier's decisions.
   *
   * @param labels all classes, including those that never occur
   * @return the metric; a row is a predicted and the true class
   * @throws IllegalArgumentException if there is no label, or one occurs twice
   */
  public static Metric<String, String, ClassificationReport> classification(List<String> labels) {
    return metric(
        () -> new Classification(labels),
        (rows, predicted, truth) -> rows.add(truth, predicted),
        Classification::merge,
        rows -> {
          Classification copy = new Classification(labels);
          copy.merge(rows);
          return new ClassificationReport(copy);
        });
  }

  /** {@return the calibration error over 15 bins; see {@link #calibration(int)}} */
  public static Metric<Double, Boolean, CalibrationReport> calibration() {
    return calibration(DEFAULT_BINS);
  }

  /**
   * Makes the expected and maximum calibration error over bins of equal width.
   *
   * @param bins their number, at least 1
   * @return the metric; a row is the probability of the predicted class and whether that is right
   */
  public static Metric<Double, Boolean, CalibrationReport> calibration(int bins) {
    return metric(
        () -> new Calibration(bins),
        Calibration::add,
        Calibration::merge,
        rows -> new CalibrationReport(rows.expectedError(), rows.maximumError(), rows.bins()));
  }

  /**
   * Makes the cross-entropy of predicted probabilities.
   *
   * @param classes their number
   * @return the metric; a row is one probability a class, and the number of the true class
   */
  public static Metric<double[], Integer, Double> logLoss(int classes) {
    return probabilities(classes, ProbabilityScores::logLoss);
  }

  /**
   * Makes the Brier score, summed over the classes and halved for two.
   *
   * @param classes their number
   * @return the metric; a row is one probability a class, and the number of the true class
   */
  public static Metric<double[], Integer, Double> brier(int classes) {
    return probabilities(classes, ProbabilityScores::brier);
  }

  private static Metric<double[], Integer, Double> probabilities(
      int classes, Function<ProbabilityScores, Double> result) {
    return metric(
        () -> new ProbabilityScores(classes),
        (rows, predicted, truth) -> rows.add(truth, predicted),
        ProbabilityScores::merge,
        result);
  }

  /** {@return the area under the ROC curve; a row is a score and whether it truly is positive} */
  public static Metric<Double, Boolean, Double> rocAuc() {
    return ranked(RocAuc::area);
  }

  /** {@return the average precision; a row is a score and whether it truly is positive} */
  public static Metric<Double, Boolean, Double> averagePrecision() {
    return ranked(RocAuc::averagePrecision);
  }

  private static Metric<Double, Boolean, Double> ranked(Function<RocAuc, Double> result) {
    return metric(
        RocAuc::new, (rows, score, truth) -> rows.add(truth, score), RocAuc::merge, result);
  }

  /**
   * Makes the mean area under the ROC curve of each class against the rest.
   *
   * @param classes their number
   * @return the metric; a row is one probability a class, and the number of the true class
   */
  public static Metric<double[], Integer, Double> rocAucOneVersusRest(int classes) {
    return areas(classes, MulticlassAuc::oneVersusRest);
  }

  /**
   * Makes the mean area under the ROC curve of each pair of classes.
   *
   * @param classes their number
   * @return the metric; a row is one probability a class, and the number of the true class
   */
  public static Metric<double[], Integer, Double> rocAucOneVersusOne(int classes) {
    return areas(classes, MulticlassAuc::oneVersusOne);
  }

  private static Metric<double[], Integer, Double> areas(
      int classes, Function<MulticlassAuc, Double> result) {
    return metric(
        () -> new MulticlassAuc(classes),
        (rows, predicted, truth) -> rows.add(truth, predicted),
        MulticlassAuc::merge,
        result);
  }

  /** {@return the mean squared error; a row is a predicted and the true number} */
  public static Metric<Double, Double, Double> meanSquaredError() {
    return regression(Regression::meanSquaredError);
  }

  /** {@return the mean absolute error; a row is a predicted and the true number} */
  public static Metric<Double, Double, Double> meanAbsoluteError() {
    return regression(Regression::meanAbsoluteError);
  }

  /** {@return the coefficient of determination; a row is a predicted and the true number} */
  public static Metric<Double, Double, Double> r2() {
    return regression(Regression::r2);
  }

  /** {@return Pearson's correlation; a row is a predicted and the true number} */
  public static Metric<Double, Double, Double> pearson() {
    return regression(Regression::pearson);
  }

  private static Metric<Double, Double, Double> regression(Function<Regression, Double> result) {
    return metric(
        Regression::new,
        (rows, predicted, truth) -> rows.add(truth, predicted),
        Regression::merge,
        result);
  }

  /** {@return Spearman's rank correlation; a row is a predicted and the true number} */
  public static Metric<Double, Double, Double> spearman() {
    return metric(
        RankCorrelation::new,
        (rows, predicted, truth) -> rows.add(truth, predicted),
        RankCorrelation::merge,
        RankCorrelation::spearman);
  }

  /**
   * Computes Krippendorff's alpha, the agreement of raters.
   *
   * @param items for each item the ratings that it got, of any number of raters
   * @param level what the ratings are
   * @return at most 1; 0 is no better than chance; NaN where all ratings are equal
   * @throws IllegalArgumentException if a rating is not finite
   * @throws IllegalStateException if no item has two ratings
   */
  public static double krippendorffAlpha(List<List<Double>> items, Level level) {
    KrippendorffAlpha alpha = new KrippendorffAlpha(level);
    items.forEach(alpha::add);
    return alpha.alpha();
  }

  /** {@return the perplexity of texts; a row is a text's score by a model, and the text} */
  public static Metric<SlidingWindow.Sum, String, Perplexity> perplexity() {
    return metric(
        PerplexitySums::new,
        (rows, score, text) -> rows.add(score.logProbability(), score.tokens(), text),
        PerplexitySums::merge,
        PerplexitySums::result);
  }

  /** {@return the word error rate; a row is a text and its reference} */
  public static Metric<String, String, Double> wordErrorRate() {
    return metric(ErrorRate::ofWords, ErrorRate::add, ErrorRate::merge, ErrorRate::rate);
  }

  /** {@return the character error rate; a row is a text and its reference} */
  public static Metric<String, String, Double> characterErrorRate() {
    return metric(ErrorRate::ofCharacters, ErrorRate::add, ErrorRate::merge, ErrorRate::rate);
  }

  /**
   * Counts the insertions, deletions and substitutions of characters between texts (Levenshtein).
   *
   * @param first a text
   * @param second another
   * @return the smallest number of edits
   */
  public static int editDistance(String first, String second) {
    return EditDistance.between(first, second);
  }

  /**
   * Makes pass@k, the chance that at least one of k samples solves a problem, without bias (Chen et
   * al. 2021).
   *
   * @param ks numbers of samples, each at least 1
   * @return the metric: the mean chance of the problems by k; a row is how many samples of a
   *     problem are right, and how many were drawn
   */
  public static Metric<Integer, Integer, Map<Integer, Double>> passAtK(int... ks) {
    return metric(
        () -> new PassAtK(ks),
        (rows, right, drawn) -> rows.add(drawn, right),
        PassAtK::merge,
        rows -> byCutoff(ks, rows::at));
  }

  /**
   * Makes the metrics of rankings, with grades as gains: nDCG, recall and precision at cutoffs, MAP
   * and MRR.
   *
   * @param cutoffs the values of k
   * @return the metric; a row is a ranking, and the grades of relevant documents
   */
  public static Metric<Ranking, Map<String, Integer>, RetrievalScores> retrieval(int... cutoffs) {
    return retrieval(Gain.LINEAR, cutoffs);
  }

  /**
   * Makes the metrics of rankings with a gain of 2 to the grade, less 1, which stresses the best
   * documents.
   *
   * @param cutoffs the values of k
   * @return the metric; a row is a ranking, and the grades of relevant documents
   */
  public static Metric<Ranking, Map<String, Integer>, RetrievalScores> retrievalExponentialGain(
      int... cutoffs) {
    return retrieval(Gain.EXPONENTIAL, cutoffs);
  }

  private static Metric<Ranking, Map<String, Integer>, RetrievalScores> retrieval(
      Gain gain, int... cutoffs) {
    return metric(
        () -> new Retrieval(gain, cutoffs),
        (rows, ranking, grades) -> rows.add(ranking.query(), ranking.documents(), grades),
        Retrieval::merge,
        rows ->
            new RetrievalScores(
                byCutoff(cutoffs, rows::ndcg),
                byCutoff(cutoffs, rows::recall),
                byCutoff(cutoffs, rows::precision),
                rows.meanAveragePrecision(),
                rows.meanReciprocalRank()));
  }

  private static Map<Integer, Double> byCutoff(int[] cutoffs, IntToDoubleFunction value) {
    Map<Integer, Double> values = new LinkedHashMap<>();
    Arrays.stream(cutoffs).forEach(k -> values.put(k, value.applyAsDouble(k)));
    return values;
  }
}
