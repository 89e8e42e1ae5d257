package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Shuffle;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Options for splitting a dataset into train, validation and test. The parts are disjoint, together
 * contain every row, keep the order of the dataset, and are the same for the same rows, options and
 * seed on every machine.
 *
 * <pre>{@code
 * Split split = Splitter.of(dataset).seed(42).groupBy("conversation_id").split();
 * }</pre>
 *
 * <p>Not thread-safe.
 */
public final class Splitter {

  private final Dataset dataset;
  private double train = Split.TRAIN;
  private double validation = Split.VALIDATION;
  private double test = Split.TEST;
  private long seed;
  private @Nullable String way;
  private RowKeys.@Nullable KeyOf strata;
  private RowKeys.@Nullable KeyOf groups;
  private @Nullable String timeField;

  /** Null if a function defines the classes or groups. */
  private @Nullable ObjectNode options = JsonNodeFactory.instance.objectNode();

  private Splitter(Dataset dataset) {
    this.dataset = Objects.requireNonNull(dataset, "dataset");
  }

  /**
   * Starts from the rows to split.
   *
   * @param dataset the rows
   * @return options: 80 % train, 10 % validation, 10 % test, at random with seed 0
   */
  public static Splitter of(Dataset dataset) {
    return new Splitter(dataset);
  }

  /**
   * Sets the fractions. Default: 0.8, 0.1 and 0.1.
   *
   * @param trainFraction fraction of rows to train on, above 0
   * @param validationFraction fraction of rows to validate on; may be 0
   * @param testFraction fraction of rows to test on; may be 0
   * @throws IllegalArgumentException if they do not sum to 1 (within 1e-9)
   */
  public Splitter fractions(double trainFraction, double validationFraction, double testFraction) {
    Split.requireFractions(trainFraction, validationFraction, testFraction);
    this.train = trainFraction;
    this.validation = validationFraction;
    this.test = testFraction;
    return this;
  }

  /**
   * Sets the fractions of a split without a test part.
   *
   * @throws IllegalArgumentException if they do not sum to 1 (within 1e-9)
   */
  public Splitter fractions(double trainFraction, double validationFraction) {
    return fractions(trainFraction, validationFraction, 0);
  }

  /**
   * Sets the random seed. Default: 0.
   *
   * @param choice the seed
   */
  public Splitter seed(long choice) {
    this.seed = choice;
    return this;
  }

  /**
   * Stratifies by the labels of {@link Example.Classified} rows: every part gets the same share of
   * each label, within one row. Every label has a row in train.
   *
   * @throws IllegalStateException if the rows are grouped or split by time
   */
  public Splitter stratifyByLabel() {
    this.strata = RowKeys.KeyOf.label();
    tell("stratify", "label");
    return choose("stratified");
  }

  /**
   * Stratifies by class: every part gets the same share of each class, within one row. Every class
   * has a row in train.
   *
   * @param classOf returns the class of a row
   * @throws IllegalStateException if the rows are grouped or split by time
   */
  public Splitter stratifyBy(Function<? super Example, String> classOf) {
    this.strata = RowKeys.KeyOf.of(classOf);
    this.options = null;
    return choose("stratified");
  }

  /**
   * Keeps rows with the same value of a field in one part, such as the turns of a conversation.
   * Validation and test then get at most their fraction, train the rest.
   *
   * @param field a field of the source file
   * @throws IllegalStateException if the rows are stratified or split by time
   */
  public Splitter groupBy(String field) {
    this.groups = RowKeys.KeyOf.field(field);
    tell("group", field);
    return choose("grouped");
  }

  /**
   * Keeps rows with the same key in one part. Validation and test then get at most their fraction,
   * train the rest.
   *
   * @param keyOf returns the key of a row
   * @throws IllegalStateException if the rows are stratified or split by time
   */
  public Splitter groupBy(Function<? super Example, String> keyOf) {
    this.groups = RowKeys.KeyOf.of(keyOf);
    this.options = null;
    return choose("grouped");
  }

  /**
   * Keeps rows with the same prompt in one part, so that no training prompt is evaluated. The
   * prompt of a conversation is everything before the assistant's first message. Validation and
   * test then get at most their fraction, train the rest.
   *
   * @throws IllegalStateException if the rows are stratified or split by time
   */
  public Splitter groupByPrompt() {
    this.groups = RowKeys.KeyOf.prompt();
    this.options = JsonNodeFactory.instance.objectNode().put("byPrompt", true);
    return choose("grouped");
  }

  /**
   * Splits by time: trains on the oldest rows and tests on the newest. Rows with equal times stay
   * in the order of the dataset.
   *
   * @param field a field of the source file: an ISO 8601 date or time (UTC unless it has an
   *     offset), or a number
   * @throws IllegalStateException if the rows are stratified or grouped
   */
  public Splitter byTime(String field) {
    this.timeField = field;
    tell("time", field);
    return choose("in order of time");
  }

  private void tell(String key, String value) {
    this.options = JsonNodeFactory.instance.objectNode().put(key, value);
  }

  private Splitter choose(String chosen) {
    if (way != null && !way.equals(chosen)) {
      throw new IllegalStateException("rows are already " + way + ", so not " + chosen + " too");
    }
    way = chosen;
    return this;
  }

  /**
   * Splits the rows.
   *
   * @return the parts
   * @throws DatasetException if there are too few rows or groups for every part to get one, or a
   *     row has no label, key or time
   */
  public Split split() {
    Split parts = parts();
    if (options == null) {
      return parts;
    }
    ObjectNode all = Split.options(train, validation, test).put("seed", seed).setAll(options);
    return parts.told(dataset.origin(), all);
  }

  private Split parts() {
    if (groups != null) {
      return grouped();
    }
    if (strata != null) {
      return stratified();
    }
    if (timeField != null) {
      return Split.ofOrder(dataset, byTime(), train, validation, test);
    }
    return Split.of(dataset, train, validation, test, seed);
  }

  private int[] byTime() {
    Instant[] times = new Instant[dataset.size()];
    for (int row = 0; row < times.length; row++) {
      times[row] = time(row);
    }
    return IntStream.range(0, times.length)
        .boxed()
        .sorted(Comparator.comparing(row -> times[row]))
        .mapToInt(row -> row)
        .toArray();
  }

  private Instant time(int row) {
    String field = Objects.requireNonNull(timeField);
    String text = RowKeys.source(dataset, row, field).text(field).strip();
    try {
      return instant(text);
    } catch (DateTimeParseException | ArithmeticException e) {
      throw new DatasetException(
          "%s: field '%s': expected a date or time of ISO 8601 or a number, found %s."
              .formatted(dataset.locate(row), timeField, RowProblem.quote(text)),
          e);
    }
  }

  private static Instant instant(String text) {
    if (text.matches("-?\\d{1,18}(\\.\\d{1,9})?")) {
      int point = text.indexOf('.');
      long whole = Long.parseLong(point < 0 ? text : text.substring(0, point));
      // Numbers are only compared: read as milliseconds, all fit into an Instant.
      return Instant.ofEpochSecond(
          Math.floorDiv(whole, 1000),
          Math.floorMod(whole, 1000) * 1_000_000L + (point < 0 ? 0 : nanos(text, point)));
    }
    if (text.matches("\\d{4}-\\d{2}-\\d{2}")) {
      return LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC);
    }
    String iso = text.replaceFirst("^(\\d{4}-\\d{2}-\\d{2}) ", "$1T");
    try {
      return OffsetDateTime.parse(iso).toInstant();
    } catch (DateTimeParseException e) {
      return LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC);
    }
  }

  private static long nanos(String text, int point) {
    String digits = (text.substring(point + 1) + "000000").substring(0, 6);
    long fraction = Long.parseLong(digits);
    return text.startsWith("-") ? -fraction : fraction;
  }

  /** Rounds cumulatively over the classes, so that both the total and each class are right. */
  private Split stratified() {
    int[][] classes = RowKeys.of(dataset, Objects.requireNonNull(strata)).rows();
    int[] part = new int[dataset.size()];
    long before = 0;
    for (int number = 0; number < classes.length; number++) {
      int[] rows = classes[number];
      long after = before + rows.length;
      int validationRows = share(before, after, validation);
      int testRows = Math.min(share(before, after, test), rows.length - validationRows);
      if (validationRows + testRows == rows.length) {
        if (testRows > 0) {
          testRows--;
        } else {
          validationRows--;
        }
      }
      int[] order = Shuffle.permutation(rows.length, seed, number);
      for (int i = 0; i < validationRows + testRows; i++) {
        part[rows[order[i]]] = i < validationRows ? Split.VALIDATION_PART : Split.TEST_PART;
      }
      before = after;
    }
    return Split.ofParts(dataset, part, validation, test, "Add rows");
  }

  private static int share(long before, long after, double fraction) {
    return (int) (Math.round(after * fraction) - Math.round(before * fraction));
  }

  /**
   * Assigns groups in random order, each to the least filled part that it fits into, or to train if
   * it fits into none.
   */
  private Split grouped() {
    int[][] members = RowKeys.of(dataset, Objects.requireNonNull(groups)).rows();
    int[] part = new int[dataset.size()];
    double[] target = {
      dataset.size() * train,
      Split.rows(dataset.size(), validation),
      Split.rows(dataset.size(), test)
    };
    long[] filled = new long[target.length];
    for (int number : Shuffle.permutation(members.length, seed)) {
      int size = members[number].length;
      int chosen = 0;
      for (int i = 1; i < target.length; i++) {
        boolean fits = target[i] > 0 && filled[i] + size <= target[i];
        if (fits && filled[i] / target[i] < filled[chosen] / target[chosen]) {
          chosen = i;
        }
      }
      filled[chosen] += size;
      for (int row : members[number]) {
        part[row] = chosen;
      }
    }
    return Split.ofParts(
        dataset, part, validation, test, "Groups may be too large for their parts: add groups");
  }
}
