package io.adapt4j.core.data.quality;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.data.SampleEncoding;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.data.ExampleEncoder;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Checks a dataset for quality problems. Nothing is changed; {@link DataCleaner} does that. Rows
 * are read one at a time, several times; finding duplicates and leaks takes up to 200 bytes per
 * row.
 *
 * <pre>{@code
 * DataReport report =
 *     tuner.checkData(DataChecker.of(dataset).testedOn(test));
 * System.out.print(report.text());
 * }</pre>
 *
 * <p>Not thread-safe.
 */
public final class DataChecker {

  static final double NEAR = 0.8;
  static final int LEAKED_WORDS = 13;
  static final double LEAKED_SHARE = 0.25;

  private static final int EXAMPLES = 5;
  private static final int IMBALANCE = 10;

  private final Dataset dataset;
  private final Set<Check> wanted = EnumSet.allOf(Check.class);
  private @Nullable Dataset test;
  private @Nullable ExampleEncoder encoder;
  private @Nullable String responseMarker;
  private @Nullable ChatTemplate usedTemplate;
  private double near = NEAR;
  private int leakedWords = LEAKED_WORDS;
  private int examples = EXAMPLES;

  private DataChecker(Dataset dataset) {
    this.dataset = Objects.requireNonNull(dataset, "dataset");
  }

  /**
   * Starts from training rows.
   *
   * @param dataset the rows
   * @return the checker
   */
  public static DataChecker of(Dataset dataset) {
    return new DataChecker(dataset);
  }

  /**
   * Starts from the training rows of a split, with its test rows for {@link Check#LEAKAGE}.
   *
   * @param split the split
   * @return the checker
   */
  public static DataChecker of(Split split) {
    DataChecker checker = new DataChecker(split.train());
    return split.test().size() == 0 ? checker : checker.testedOn(split.test());
  }

  /**
   * Sets the test rows, for {@link Check#LEAKAGE}. Default: none.
   *
   * @param testRows the rows
   */
  public DataChecker testedOn(Dataset testRows) {
    this.test = testRows;
    return this;
  }

  /**
   * Sets the encoder of the training, for the checks of lengths and samples. Default: none.
   *
   * @param encoding the encoder, as passed by {@code FineTuner.checkData}
   */
  public DataChecker encoder(SampleEncoding encoding) {
    this.encoder = (ExampleEncoder) encoding;
    return this;
  }

  /**
   * Sets the marker that precedes the answer in every {@link Example.Text}, such as {@code ###
   * Response:}, for {@link Check#RESPONSE_MARKER_NOT_FOUND}. Default: none.
   *
   * @param marker the marker
   */
  public DataChecker responseMarker(String marker) {
    this.responseMarker = marker;
    return this;
  }

  /**
   * Sets the chat template that the model will be used with, for {@link Check#TEMPLATE_DIFFERS}.
   * Default: none.
   *
   * @param template the template; compared with that of the {@link #encoder}
   */
  public DataChecker usedWith(ChatTemplate template) {
    this.usedTemplate = template;
    return this;
  }

  /**
   * Sets the similarity threshold of near duplicates: the Jaccard similarity of character 5-grams.
   * Default: 0.8. About 2 in 1000 pairs are missed at 0.8, 8 in 100 at 0.7, and more below.
   *
   * @param similarity above 0, up to 1
   * @throws IllegalArgumentException if it is out of range
   */
  public DataChecker near(double similarity) {
    this.near = requireSimilarity(similarity);
    return this;
  }

  static double requireSimilarity(double similarity) {
    if (!(similarity > 0 && similarity <= 1)) {
      throw new IllegalArgumentException(
          "similarity must be above 0 and up to 1, found " + similarity);
    }
    return similarity;
  }

  /**
   * Sets the length of word n-grams that are compared for leaks. A test row is leaked if a training
   * row contains a quarter of its n-grams. Default: 13.
   *
   * @param words number of words, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public DataChecker leakedWords(int words) {
    if (words < 1) {
      throw new IllegalArgumentException("words must be at least 1, found " + words);
    }
    this.leakedWords = words;
    return this;
  }

  /**
   * Sets how many findings of each check are kept with location and message; all are counted.
   * Default: 5.
   *
   * @param count number of findings, at least 0
   */
  public DataChecker examples(int count) {
    this.examples = count;
    return this;
  }

  /**
   * Disables checks.
   *
   * @param checks the checks
   */
  public DataChecker without(Check... checks) {
    wanted.removeAll(Arrays.asList(checks));
    return this;
  }

  /**
   * Runs the checks.
   *
   * @return the findings
   * @throws io.adapt4j.core.data.DatasetException if a row can no longer be read
   */
  public DataReport check() {
    Set<Check> done = EnumSet.copyOf(possible());
    done.retainAll(wanted);
    DataReport.Collector found =
        new DataReport.Collector(dataset.name(), dataset.size(), examples, done);
    checkReading(found);
    Map<String, Integer> labels = new HashMap<>();
    boolean tokens = done.contains(Check.TOO_LONG) || done.contains(Check.EOS_LOST);
    int[] lengths = encoder != null && tokens ? new int[dataset.size()] : new int[0];
    int counted = 0;
    SampleChecks samples = encoder == null ? null : new SampleChecks(encoder);
    for (int row = 0; row < dataset.size(); row++) {
      Example example = dataset.get(row);
      checkRow(found, row, example);
      if (example instanceof Example.Classified classified) {
        classified.labels().forEach(label -> labels.merge(label, 1, Integer::sum));
      }
      if (lengths.length > 0 && SampleChecks.takes(example)) {
        lengths[counted] = encoder().tokens(example);
        checkSample(found, samples, row, example, lengths[counted++]);
      } else if (lengths.length > 0 && example instanceof Example.Classified classified) {
        lengths[counted] = encoder().tokenizer().encode(classified.text(), true).length;
        checkLength(found, row, lengths[counted++]);
      }
    }
    checkDuplicates(found);
    checkLabels(found, labels);
    checkLeakage(found);
    checkPadding(found);
    checkTemplate(found);
    checkTemplateSigns(found);
    return found.report(
        counted == 0 ? null : Lengths.of(Arrays.copyOf(lengths, counted), encoder().maxLength()),
        sorted(labels));
  }

  private Collection<Check> possible() {
    Set<Check> possible = EnumSet.allOf(Check.class);
    if (test == null) {
      possible.remove(Check.LEAKAGE);
    }
    if (encoder == null) {
      possible.removeAll(
          EnumSet.of(
              Check.TOO_LONG,
              Check.EOS_LOST,
              Check.NOTHING_TO_LEARN,
              Check.DOUBLE_BOS,
              Check.PAD_IS_EOS,
              Check.TEMPLATE_SIGNS));
    }
    if (usedTemplate == null || encoder == null || encoder().chatTemplate().isEmpty()) {
      possible.remove(Check.TEMPLATE_DIFFERS);
    }
    if (responseMarker == null) {
      possible.remove(Check.RESPONSE_MARKER_NOT_FOUND);
    }
    if (!(dataset instanceof FileDataset)) {
      possible.remove(Check.MALFORMED_ROW);
    }
    return possible;
  }

  private void checkReading(DataReport.Collector found) {
    if (found.wants(Check.MALFORMED_ROW) && dataset instanceof FileDataset file) {
      List<String> problems = file.problems();
      problems.forEach(problem -> found.add(Check.MALFORMED_ROW, -1, dataset::name, problem));
      found.addMore(Check.MALFORMED_ROW, file.malformed() - problems.size());
    }
  }

  private void checkRow(DataReport.Collector found, int row, Example example) {
    for (Map.Entry<Check, Function<Example, String>> check : RowChecks.ALL.entrySet()) {
      String problem = found.wants(check.getKey()) ? check.getValue().apply(example) : "";
      if (!problem.isEmpty()) {
        found.add(check.getKey(), row, () -> dataset.locate(row), problem);
      }
    }
    if (found.wants(Check.RESPONSE_MARKER_NOT_FOUND)
        && example instanceof Example.Text text
        && !text.text().contains(responseMarker)) {
      found.add(
          Check.RESPONSE_MARKER_NOT_FOUND,
          row,
          () -> dataset.locate(row),
          "the text has no '" + responseMarker + "', so no answer can be told");
    }
  }

  /** Returns the encoder; checks that need it run only if there is one. */
  private ExampleEncoder encoder() {
    return Objects.requireNonNull(encoder);
  }

  private void checkLength(DataReport.Collector found, int row, int tokens) {
    if (tokens > encoder().maxLength() && found.wants(Check.TOO_LONG)) {
      found.add(
          Check.TOO_LONG,
          row,
          () -> dataset.locate(row),
          tokens + " tokens, expected at most " + encoder().maxLength());
    }
  }

  private void checkSample(
      DataReport.Collector found,
      @Nullable SampleChecks samples,
      int row,
      Example example,
      int tokens) {
    checkLength(found, row, tokens);
    if (tokens > encoder().maxLength() && encoder().failsOverLimit()) {
      return;
    }
    Objects.requireNonNull(samples)
        .of(example)
        .forEach(
            (check, problem) -> {
              if (found.wants(check)) {
                found.add(check, row, () -> dataset.locate(row), problem);
              }
            });
  }

  private void checkDuplicates(DataReport.Collector found) {
    boolean wantsExact = found.wants(Check.EXACT_DUPLICATE);
    boolean wantsNear = found.wants(Check.NEAR_DUPLICATE);
    int[] exact = wantsExact || wantsNear ? Duplicates.exact(dataset) : new int[0];
    if (wantsExact) {
      addDuplicates(found, Check.EXACT_DUPLICATE, exact, "equal to ");
    }
    if (wantsNear) {
      int[] nearly = Duplicates.near(dataset, near);
      for (int row = 0; row < nearly.length; row++) {
        nearly[row] = exact[row] >= 0 ? -1 : nearly[row];
      }
      addDuplicates(found, Check.NEAR_DUPLICATE, nearly, "nearly equal to ");
    }
    if (found.wants(Check.CONTRADICTORY_LABEL)) {
      checkContradictions(found);
    }
  }

  private void addDuplicates(
      DataReport.Collector found, Check check, int[] original, String words) {
    for (int i = 0; i < original.length; i++) {
      int row = i;
      if (original[row] >= 0) {
        found.add(
            check, row, () -> dataset.locate(row), () -> words + dataset.locate(original[row]));
      }
    }
  }

  private void checkContradictions(DataReport.Collector found) {
    int[] first = Duplicates.sameText(dataset);
    for (int i = 0; i < first.length; i++) {
      int row = i;
      if (first[row] >= 0
          && dataset.get(row) instanceof Example.Classified here
          && dataset.get(first[row]) instanceof Example.Classified there
          && !Set.copyOf(here.labels()).equals(Set.copyOf(there.labels()))) {
        found.add(
            Check.CONTRADICTORY_LABEL,
            row,
            () -> dataset.locate(row),
            () ->
                "%s, but %s with the same text %s"
                    .formatted(here.labels(), dataset.locate(first[row]), there.labels()));
      }
    }
  }

  private void checkLabels(DataReport.Collector found, Map<String, Integer> labels) {
    checkSimilarLabels(found, labels);
    if (labels.size() < 2 || !found.wants(Check.LABEL_IMBALANCE)) {
      return;
    }
    int most = Collections.max(labels.values());
    int least = Collections.min(labels.values());
    if (most >= (long) least * IMBALANCE) {
      found.add(
          Check.LABEL_IMBALANCE,
          -1,
          dataset::name,
          String.format("the largest label has %d rows, the smallest %d", most, least));
    }
  }

  /** Reports labels that differ only in case or whitespace, which are nearly always one class. */
  private void checkSimilarLabels(DataReport.Collector found, Map<String, Integer> labels) {
    if (!found.wants(Check.SIMILAR_LABELS)) {
      return;
    }
    Map<String, List<String>> alike = new TreeMap<>();
    sorted(labels)
        .forEach(
            (label, rows) ->
                alike
                    .computeIfAbsent(plain(label), key -> new ArrayList<>())
                    .add("'" + label + "' (" + rows + (rows == 1 ? " row)" : " rows)")));
    alike.values().stream()
        .filter(labelsAlike -> labelsAlike.size() > 1)
        .forEach(
            labelsAlike ->
                found.add(
                    Check.SIMILAR_LABELS,
                    -1,
                    dataset::name,
                    String.join(" and ", labelsAlike)
                        + " are different classes; write them alike if they are one"));
  }

  private static String plain(String label) {
    return Normalizer.normalize(label, Normalizer.Form.NFKC)
        .strip()
        .replaceAll("\\s+", " ")
        .toLowerCase(Locale.ROOT);
  }

  private void checkTemplateSigns(DataReport.Collector found) {
    if (found.wants(Check.TEMPLATE_SIGNS)) {
      encoder()
          .usedChatTemplate()
          .map(template -> new ChatEncoder(encoder().tokenizer(), template))
          .flatMap(ChatEncoder::remark)
          .ifPresent(remark -> found.add(Check.TEMPLATE_SIGNS, -1, dataset::name, remark));
    }
  }

  private void checkLeakage(DataReport.Collector found) {
    if (!found.wants(Check.LEAKAGE)) {
      return;
    }
    Dataset other = Objects.requireNonNull(test);
    Leakage leakage = new Leakage(dataset, other, leakedWords, LEAKED_SHARE);
    for (int i = 0; i < other.size(); i++) {
      int row = i;
      if (leakage.share(row) > 0) {
        found.add(
            Check.LEAKAGE,
            row,
            () -> other.locate(row),
            () ->
                "%d %% of its word sequences are in the training data, %s"
                    .formatted(
                        Math.round(100 * leakage.share(row)),
                        dataset.locate(leakage.trainingRow(row))));
      }
    }
  }

  private void checkPadding(DataReport.Collector found) {
    if (found.wants(Check.PAD_IS_EOS)
        && encoder().tokenizer().eosId().isPresent()
        && encoder().paddingId() == encoder().tokenizer().eosId().getAsInt()) {
      found.add(
          Check.PAD_IS_EOS,
          -1,
          dataset::name,
          "batches are filled with '" + encoder().tokenizer().token(encoder().paddingId()) + "'");
    }
  }

  private void checkTemplate(DataReport.Collector found) {
    if (!found.wants(Check.TEMPLATE_DIFFERS)) {
      return;
    }
    String training = encoder().chatTemplate().orElseThrow().digest();
    if (!training.equals(Objects.requireNonNull(usedTemplate).digest())) {
      found.add(
          Check.TEMPLATE_DIFFERS,
          -1,
          dataset::name,
          "the template of training has sha256 %s, that of use %s"
              .formatted(training, Objects.requireNonNull(usedTemplate).digest()));
    }
  }

  private static Map<String, Integer> sorted(Map<String, Integer> labels) {
    Map<String, Integer> sorted = new LinkedHashMap<>();
    labels.entrySet().stream()
        .sorted(
            Map.Entry.<String, Integer>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .forEach(label -> sorted.put(label.getKey(), label.getValue()));
    return sorted;
  }
}
