package io.adapt4j.eval.metric;

import io.adapt4j.eval.internal.metric.Gain;
import io.adapt4j.eval.internal.metric.PassAtK;
import io.adapt4j.eval.internal.metric.RankCorrelation;
import io.adapt4j.eval.internal.metric.Regression;
import io.adapt4j.eval.internal.metric.document.AnswerSimilarity;
import io.adapt4j.eval.internal.metric.document.FieldMatches;
import io.adapt4j.eval.internal.metric.document.TableSimilarity;
import io.adapt4j.eval.internal.metric.probability.MulticlassAuc;
import io.adapt4j.eval.internal.metric.probability.ProbabilityScores;
import io.adapt4j.eval.internal.metric.probability.RocAuc;
import io.adapt4j.eval.internal.metric.text.EditDistance;
import io.adapt4j.eval.internal.metric.text.ErrorRate;
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

/** Factory of the metrics. Rows are a prediction and its truth, in this order. */
public final class Metrics {
  private static final int DEFAULT_BINS = 15;

  private Metrics() {}

  /** Levels of measurement of ratings. */
  public enum Level {
    /** Names. */
    NOMINAL,
    /** Ranks. */
    ORDINAL,
    /** Numbers with meaningful differences. */
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
   * Creates corpus BLEU.
   *
   * @param options counting options; {@link BleuOptions#withEffectiveOrder} is recommended for the
   *     score of a single sentence ({@link Metric#of})
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
   * Creates corpus chrF or chrF++.
   *
   * @param options counting options
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
   * Creates ROUGE as the Python package rouge_score computes it: words of a-z and 0-9 only, so
   * other scripts score 0.
   *
   * @param stemmed whether words are compared by their English stems (Porter's)
   * @return the metric: means of {@code rouge1}, {@code rouge2}, {@code rouge3}, {@code rougeL} and
   *     {@code rougeLsum}; a row is a text and its reference
   */
  public static Metric<String, String, Map<String, F1Score>> rouge(boolean stemmed) {
    return metric(() -> new Rouge(stemmed), Rouge::add, Rouge::merge, Rouge::scores);
  }

  /** {@return SQuAD's share of exact matches; a row is an answer and all reference answers} */
  public static Metric<String, List<String>, Double> exactMatch() {
    return metric(
        SquadAnswers::new, SquadAnswers::add, SquadAnswers::merge, SquadAnswers::exactMatch);
  }

  /** {@return SQuAD's mean word F1; a row is an answer and all reference answers} */
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
   * Creates the metrics of a classifier's decisions.
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
   * Creates the expected and maximum calibration error over bins of equal width.
   *
   * @param bins number of bins, at least 1
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
   * Creates the cross-entropy of predicted probabilities.
   *
   * @param classes number of classes
   * @return the metric; a row is one probability per class, and the index of the true class
   */
  public static Metric<double[], Integer, Double> logLoss(int classes) {
    return probabilities(classes, ProbabilityScores::logLoss);
  }

  /**
   * Creates the Brier score, summed over the classes and halved for two.
   *
   * @return the metric; a row is one probability per class, and the index of the true class
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
   * Creates the mean area under the ROC curve of each class against the rest.
   *
   * @return the metric; a row is one probability per class, and the index of the true class
   */
  public static Metric<double[], Integer, Double> rocAucOneVersusRest(int classes) {
    return areas(classes, MulticlassAuc::oneVersusRest);
  }

  /**
   * Creates the mean area under the ROC curve of each pair of classes.
   *
   * @return the metric; a row is one probability per class, and the index of the true class
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

  /** {@return the Pearson correlation; a row is a predicted and the true number} */
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
   * @param items for each item its ratings, by any number of raters
   * @param level level of measurement of the ratings
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

  /**
   * Creates the word error rate of transcripts.
   *
   * @param normalizer normalizes both texts
   * @return the metric; a row is a text and its reference
   */
  public static Metric<String, String, Double> wordErrorRate(TranscriptNormalizer normalizer) {
    return metric(ErrorRate::ofWords, normalized(normalizer), ErrorRate::merge, ErrorRate::rate);
  }

  /** {@return the character error rate; a row is a text and its reference} */
  public static Metric<String, String, Double> characterErrorRate() {
    return metric(ErrorRate::ofCharacters, ErrorRate::add, ErrorRate::merge, ErrorRate::rate);
  }

  /**
   * Creates ANLS, the mean similarity of answers read from documents, as DocVQA computes it: 0 to
   * 1, 0 where less than half is right.
   *
   * @return the metric; a row is an answer and all reference answers
   */
  public static Metric<String, List<String>, Double> anls() {
    return metric(
        AnswerSimilarity::new,
        AnswerSimilarity::add,
        AnswerSimilarity::merge,
        AnswerSimilarity::mean);
  }

  /**
   * Creates the F1 of extracted fields over all rows: pairs of a path and a value of JSON objects.
   *
   * @return the metric; a row is a predicted and the true JSON object; text that is no JSON object
   *     predicts no fields
   */
  public static Metric<String, String, F1Score> fieldF1() {
    return metric(
        FieldMatches::new,
        FieldMatches::add,
        FieldMatches::merge,
        rows -> F1Score.of(rows.hits(), rows.predicted(), rows.wanted()));
  }

  /**
   * Creates TEDS, the mean similarity of tables in HTML by the edit distance of their trees: 0 to
   * 1. Needs jsoup on the class path. A predicted table of more than 5,000 rows and cells scores 0.
   *
   * @param structureOnly whether texts of cells are ignored
   * @return the metric; a row is a text with a predicted table, and one with the true table
   */
  public static Metric<String, String, Double> tableSimilarity(boolean structureOnly) {
    return metric(
        () -> new TableSimilarity(structureOnly),
        TableSimilarity::add,
        TableSimilarity::merge,
        TableSimilarity::mean);
  }

  /**
   * Creates the character error rate of transcripts.
   *
   * @param normalizer normalizes both texts
   * @return the metric; a row is a text and its reference
   */
  public static Metric<String, String, Double> characterErrorRate(TranscriptNormalizer normalizer) {
    return metric(
        ErrorRate::ofCharacters, normalized(normalizer), ErrorRate::merge, ErrorRate::rate);
  }

  private static Adder<ErrorRate, String, String> normalized(TranscriptNormalizer normalizer) {
    return (rows, text, reference) -> rows.add(normalizer.apply(text), normalizer.apply(reference));
  }

  /**
   * Computes the edit distance of texts (Levenshtein).
   *
   * @param first a text
   * @param second another
   * @return the minimum number of insertions, deletions and substitutions of characters
   */
  public static int editDistance(String first, String second) {
    return EditDistance.between(first, second);
  }

  /**
   * Creates pass@k, the unbiased estimate of the probability that at least one of k samples solves
   * a problem (Chen et al. 2021).
   *
   * @param ks numbers of samples, each at least 1
   * @return the metric: the mean probability over the problems by k; a row is the number of right
   *     samples of a problem, and the number of samples
   */
  public static Metric<Integer, Integer, Map<Integer, Double>> passAtK(int... ks) {
    return metric(
        () -> new PassAtK(ks),
        (rows, right, drawn) -> rows.add(drawn, right),
        PassAtK::merge,
        rows -> byCutoff(ks, rows::at));
  }

  /**
   * Creates the metrics of rankings, with grades as gains: nDCG, recall and precision at cutoffs,
   * MAP and MRR.
   *
   * @param cutoffs the values of k
   * @return the metric; a row is a ranking, and the grades of relevant documents
   */
  public static Metric<Ranking, Map<String, Integer>, RetrievalScores> retrieval(int... cutoffs) {
    return retrieval(Gain.LINEAR, cutoffs);
  }

  /**
   * Creates the metrics of rankings with a gain of 2 to the power of the grade, minus 1, which
   * emphasizes the best documents.
   *
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
