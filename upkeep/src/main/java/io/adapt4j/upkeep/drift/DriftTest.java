package io.adapt4j.upkeep.drift;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.data.Row;
import io.adapt4j.upkeep.drift.DriftReport.ChangedRow;
import io.adapt4j.upkeep.drift.DriftReport.ChangedWord;
import io.adapt4j.upkeep.drift.DriftReport.Method;
import io.adapt4j.upkeep.drift.DriftReport.Result;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Statistical test of whether rows differ between a reference period and now: texts by a domain
 * classifier and by their lengths, numbers such as retrieval scores by the Kolmogorov-Smirnov test,
 * categories such as languages, labels, refusals and ratings by the chi-square test. P-values are
 * corrected for the number of tests (Holm 1979). Rows must be independent of each other: of a
 * conversation, give one row. The same rows and seed give the same report. Immutable.
 */
public final class DriftTest {

  /** Smallest number of rows of a period. */
  private static final int FEWEST_ROWS = 20;

  /** Rows above which a significant difference must also be large enough. */
  private static final int MANY_ROWS = 1000;

  private static final int SHOWN = 10;

  private static final int FOLDS = 5;

  /** Rows of a period that the classifier sees at most, chosen at random. */
  private static final int CLASSIFIED_ROWS = 5000;

  private final Map<String, Fields.Kind> fields;
  private final @Nullable Function<List<String>, List<float[]>> embeddings;
  private final double alpha;
  private final double minimumEffect;
  private final double minimumAuc;
  private final long seed;

  private DriftTest(Builder builder) {
    this.fields = new LinkedHashMap<>(builder.fields);
    this.embeddings = builder.embeddings;
    this.alpha = builder.alpha;
    this.minimumEffect = builder.minimumEffect;
    this.minimumAuc = builder.minimumAuc;
    this.seed = builder.seed;
  }

  /** {@return options; finish with {@link Builder#build()}} */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Reads the rows of a file of any {@link io.adapt4j.core.data.Format}.
   *
   * @param file the file
   * @return its rows
   * @throws io.adapt4j.core.data.DatasetException if it cannot be read
   */
  public static List<Row> rows(Path file) {
    FileDataset dataset = Datasets.read(file).map(row -> new Example.Text("row")).open();
    return IntStream.range(0, dataset.size())
        .mapToObj(row -> dataset.source(row).orElseThrow())
        .toList();
  }

  /**
   * Compares two periods.
   *
   * @param reference rows of the reference period, at least 20
   * @param now rows of the current period, at least 20
   * @return the results of all tests
   * @throws IllegalArgumentException if there are too few rows, no row has a value in a field, or a
   *     value has another type than its test needs
   */
  public DriftReport compare(List<Row> reference, List<Row> now) {
    requireRows("reference", reference);
    requireRows("now", now);
    List<Row> all = new ArrayList<>(reference);
    all.addAll(now);
    fields.keySet().forEach(field -> Fields.require(field, all));
    List<Result> results = new ArrayList<>();
    Map<String, ClassifiedTexts> classified = new LinkedHashMap<>();
    fields.forEach(
        (field, kind) -> {
          switch (kind) {
            case TEXT -> {
              ClassifiedTexts texts = classify(field, reference, now);
              classified.put(field, texts);
              results.add(texts.result());
              results.add(
                  numbers("length(" + field + ")", lengths(field, reference), lengths(field, now)));
            }
            case NUMBER -> addNumbers(field, reference, now, results);
            case CATEGORY ->
                results.add(
                    categories(
                        field, Fields.categories(field, reference), Fields.categories(field, now)));
          }
        });
    List<Result> judged = judged(results, Math.min(reference.size(), now.size()) > MANY_ROWS);
    List<ChangedRow> rows = new ArrayList<>();
    List<ChangedWord> words = new ArrayList<>();
    classified.forEach(
        (field, texts) -> {
          if (judged.stream().anyMatch(texts::drifted)) {
            rows.addAll(texts.mostChanged());
            words.addAll(
                new WordShares(Fields.texts(field, reference), Fields.texts(field, now))
                    .most(field, SHOWN));
          }
        });
    return new DriftReport(reference.size(), now.size(), alpha, judged, rows, words);
  }

  private static void requireRows(String period, List<Row> rows) {
    if (rows.size() < FEWEST_ROWS) {
      throw new IllegalArgumentException(
          "%s: expected at least %d rows, found %d. Collect more before testing for drift."
              .formatted(period, FEWEST_ROWS, rows.size()));
    }
  }

  private static double[] lengths(String field, List<Row> rows) {
    return Fields.texts(field, rows).stream()
        .mapToDouble(text -> text.codePointCount(0, text.length()))
        .toArray();
  }

  private void addNumbers(String field, List<Row> reference, List<Row> now, List<Result> results) {
    double[] before = Fields.numbers(field, reference);
    double[] after = Fields.numbers(field, now);
    if (before.length > 0 && after.length > 0) {
      results.add(numbers(field, before, after));
    }
    if (before.length < reference.size() || after.length < now.size()) {
      results.add(
          categories(
              "present(" + field + ")",
              Fields.presence(field, reference),
              Fields.presence(field, now)));
    }
  }

  private static Result numbers(String field, double[] reference, double[] now) {
    KolmogorovSmirnov test = KolmogorovSmirnov.of(reference, now);
    return result(
        field, Method.KOLMOGOROV_SMIRNOV, test.distance(), test.pValue(), test.wasserstein());
  }

  private Result categories(String field, List<String> reference, List<String> now) {
    ChiSquare test = ChiSquare.of(reference, now, seed);
    return result(field, Method.CHI_SQUARE, test.statistic(), test.pValue(), test.jensenShannon());
  }

  private static Result result(
      String field, Method method, double statistic, double pValue, double effect) {
    return new Result(field, method, statistic, Optional.empty(), pValue, pValue, effect, false);
  }

  /** Adjusts p-values by Holm's method and decides. */
  private List<Result> judged(List<Result> results, boolean many) {
    List<Integer> ascending =
        IntStream.range(0, results.size())
            .boxed()
            .sorted(Comparator.comparingDouble(i -> results.get(i).pValue()))
            .toList();
    double[] adjusted = new double[results.size()];
    double running = 0;
    for (int rank = 0; rank < adjusted.length; rank++) {
      int test = ascending.get(rank);
      running = Math.max(running, (adjusted.length - rank) * results.get(test).pValue());
      adjusted[test] = Math.min(1, running);
    }
    return IntStream.range(0, adjusted.length)
        .mapToObj(test -> judged(results.get(test), adjusted[test], many))
        .toList();
  }

  private Result judged(Result result, double adjusted, boolean many) {
    double minimum = result.method() == Method.DOMAIN_CLASSIFIER ? minimumAuc : minimumEffect;
    return new Result(
        result.field(),
        result.method(),
        result.statistic(),
        result.interval(),
        result.pValue(),
        adjusted,
        result.effect(),
        adjusted < alpha && (!many || result.effect() >= minimum));
  }

  private ClassifiedTexts classify(String field, List<Row> reference, List<Row> now) {
    int[] referenceRows = sample(reference.size());
    int[] nowRows = sample(now.size());
    List<String> texts = new ArrayList<>();
    Arrays.stream(referenceRows).forEach(row -> texts.add(Fields.text(field, reference.get(row))));
    Arrays.stream(nowRows).forEach(row -> texts.add(Fields.text(field, now.get(row))));
    Features features =
        embeddings == null ? Features.ofTexts(texts) : Features.ofVectors(embeddings.apply(texts));
    DomainClassifier classifier =
        new DomainClassifier(features, referenceRows.length, nowRows.length, FOLDS, seed);
    return new ClassifiedTexts(field, classifier, nowRows, texts);
  }

  private int[] sample(int rows) {
    int[] shuffled = DomainClassifier.shuffled(0, rows, new SplittableRandom(seed + 1));
    int[] kept = Arrays.copyOf(shuffled, Math.min(rows, CLASSIFIED_ROWS));
    Arrays.sort(kept);
    return kept;
  }

  /** Texts of a field and the classifier that tells those of now from those of the reference. */
  private static final class ClassifiedTexts {

    private final String field;
    private final DomainClassifier classifier;
    private final int[] rows;
    private final List<String> texts;

    private ClassifiedTexts(
        String field, DomainClassifier classifier, int[] rows, List<String> all) {
      this.field = field;
      this.classifier = classifier;
      this.rows = rows;
      this.texts = all.subList(all.size() - rows.length, all.size());
    }

    Result result() {
      DomainClassifier.Outcome outcome = classifier.test();
      double auc = outcome.auc().value();
      return new Result(
          field,
          Method.DOMAIN_CLASSIFIER,
          auc,
          Optional.of(outcome.auc()),
          outcome.pValue(),
          outcome.pValue(),
          auc,
          false);
    }

    boolean drifted(Result result) {
      return result.drifted()
          && result.method() == Method.DOMAIN_CLASSIFIER
          && result.field().equals(field);
    }

    List<ChangedRow> mostChanged() {
      double[] scores = classifier.nowScores(rows.length);
      return IntStream.range(0, rows.length)
          .boxed()
          .sorted(Comparator.comparingDouble(i -> -scores[i]))
          .limit(SHOWN)
          .map(i -> new ChangedRow(field, rows[i], texts.get(i), scores[i]))
          .toList();
    }
  }

  /** Options of a {@link DriftTest}. */
  public static final class Builder {

    private final Map<String, Fields.Kind> fields = new LinkedHashMap<>();
    private @Nullable Function<List<String>, List<float[]>> embeddings;
    private double alpha = 0.05;
    private double minimumEffect = 0.1;
    private double minimumAuc = 0.52;
    private long seed;

    private Builder() {}

    /**
     * Tests texts: by a domain classifier, and their lengths.
     *
     * @param names the fields; a missing value is an empty text
     */
    public Builder text(String... names) {
      return add(Fields.Kind.TEXT, names);
    }

    /**
     * Tests numbers, such as retrieval scores, durations or costs.
     *
     * @param names the fields; if values are missing, their share is tested too
     */
    public Builder number(String... names) {
      return add(Fields.Kind.NUMBER, names);
    }

    /**
     * Tests categories, such as languages, labels, refusals or ratings.
     *
     * @param names the fields; a missing value is a category
     */
    public Builder category(String... names) {
      return add(Fields.Kind.CATEGORY, names);
    }

    private Builder add(Fields.Kind kind, String... names) {
      for (String name : names) {
        fields.put(Objects.requireNonNull(name, "name"), kind);
      }
      return this;
    }

    /**
     * Adds the fields of rows that are not named yet. Numbers of at most 10 values, booleans and
     * texts that rows share are categories, other numbers are numbers, other texts with spaces are
     * texts; the rest, such as identifiers and lists, is left out.
     *
     * @param rows rows to look at, best those of both periods
     */
    public Builder detect(List<Row> rows) {
      Fields.detect(rows).forEach(fields::putIfAbsent);
      return this;
    }

    /**
     * Sets a function that embeds texts, such as {@code TextEmbeddings::passages}, so that the
     * classifier sees meaning rather than words. Default: TF-IDF of words, pairs of words and
     * characters.
     *
     * @param function returns one vector per text, in order
     */
    public Builder embeddings(Function<List<String>, List<float[]>> function) {
      this.embeddings = Objects.requireNonNull(function, "function");
      return this;
    }

    /**
     * Sets the probability that a report of periods that do not differ says drift. Default: 0.05.
     *
     * @param probability above 0 and below 1
     */
    public Builder alpha(double probability) {
      this.alpha = probability;
      return this;
    }

    /**
     * Sets the effects that are called drift if both periods have more than 1000 rows, where any
     * difference is significant. Default: 0.1 and 0.52.
     *
     * @param distance Wasserstein or Jensen-Shannon distance, from 0
     * @param auc area under the ROC curve of the domain classifier, from 0.5 to 1
     */
    public Builder minimumEffects(double distance, double auc) {
      this.minimumEffect = distance;
      this.minimumAuc = auc;
      return this;
    }

    /**
     * Sets the seed of folds and random divisions. Default: 0.
     *
     * @param value the seed
     */
    public Builder seed(long value) {
      this.seed = value;
      return this;
    }

    /**
     * Builds the test.
     *
     * @return the test
     * @throws IllegalArgumentException if no field is named, or a number is out of its range
     */
    public DriftTest build() {
      require(!fields.isEmpty(), "fields", "at least one", "none", "Name texts or others to test");
      require(alpha > 0 && alpha < 1, "alpha", "a number between 0 and 1", alpha, "Try 0.05");
      require(minimumEffect >= 0, "distance", "a number from 0", minimumEffect, "Try 0.1");
      require(minimumAuc >= 0.5 && minimumAuc <= 1, "auc", "from 0.5 to 1", minimumAuc, "Try 0.52");
      return new DriftTest(this);
    }

    private static void require(
        boolean right, String name, String expected, Object found, String remedy) {
      if (!right) {
        throw new IllegalArgumentException(
            "%s: expected %s, found %s. %s.".formatted(name, expected, found, remedy));
      }
    }
  }
}
