package io.adapt4j.upkeep.drift;

import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Outcome of a {@link DriftTest}: which fields differ between the reference period and now, and the
 * rows and words that tell the periods apart.
 *
 * @param referenceRows number of reference rows
 * @param nowRows number of rows now
 * @param alpha probability of any false alarm, by the Holm-Bonferroni correction of all p-values
 * @param results one result per test
 * @param rows for texts that drifted, the rows now that a classifier finds least like the
 *     reference, by falling score
 * @param words for texts that drifted, the words whose shares of texts differ most
 */
public record DriftReport(
    int referenceRows,
    int nowRows,
    double alpha,
    List<Result> results,
    List<ChangedRow> rows,
    List<ChangedWord> words) {

  /** Copies the lists. */
  public DriftReport {
    results = List.copyOf(results);
    rows = List.copyOf(rows);
    words = List.copyOf(words);
  }

  /** A statistical test. */
  public enum Method {
    /** Whether a classifier tells the texts of the periods apart: area under the ROC curve. */
    DOMAIN_CLASSIFIER("AUC"),
    /** Two-sided Kolmogorov-Smirnov test of numbers: distance of the distribution functions. */
    KOLMOGOROV_SMIRNOV("D"),
    /** Pearson's chi-square test of categories. */
    CHI_SQUARE("X2");

    private final String symbol;

    Method(String symbol) {
      this.symbol = symbol;
    }
  }

  /**
   * Result of one test.
   *
   * @param field the tested field; {@code length(FIELD)} and {@code present(FIELD)} are the number
   *     of characters of a text and whether a number is there
   * @param method the test
   * @param statistic its statistic
   * @param interval 95 percent interval of the AUC; empty for other tests
   * @param pValue its p-value
   * @param adjustedPValue the p-value corrected for the number of tests
   * @param effect size of the difference: AUC; Wasserstein distance in standard deviations of the
   *     reference; Jensen-Shannon distance
   * @param drifted whether the adjusted p-value is below alpha and, among many rows, the effect is
   *     large enough
   */
  public record Result(
      String field,
      Method method,
      double statistic,
      Optional<ConfidenceInterval> interval,
      double pValue,
      double adjustedPValue,
      double effect,
      boolean drifted) {}

  /**
   * A row of now that is unlike the reference.
   *
   * @param field the text that drifted
   * @param row index of the row now, from 0
   * @param text its text
   * @param score out-of-fold probability that the row is not from the reference
   */
  public record ChangedRow(String field, int row, String text, double score) {}

  /**
   * A word that became more or less frequent.
   *
   * @param field the text that drifted
   * @param word the word in lower case
   * @param referenceShare share of reference texts with the word
   * @param nowShare share of texts now with the word
   */
  public record ChangedWord(String field, String word, double referenceShare, double nowShare) {}

  /** {@return whether any field drifted} */
  public boolean drifted() {
    return results.stream().anyMatch(Result::drifted);
  }

  /** {@return a table of the tests, with changed words and rows, as plain text} */
  public String text() {
    StringBuilder text = new StringBuilder();
    append(
        text,
        "%s between %d reference rows and %d rows now (%d tests, alpha %s)%n",
        drifted() ? "Drift" : "No drift",
        referenceRows,
        nowRows,
        results.size(),
        alpha);
    int width = results.stream().mapToInt(result -> result.field().length()).max().orElse(0);
    for (Result result : results) {
      append(
          text,
          "%-5s  %-" + width + "s  %-3s %8.3f  effect %.3f  adjusted p %.2g%s%n",
          result.drifted() ? "DRIFT" : "ok",
          result.field(),
          result.method().symbol,
          result.statistic(),
          result.effect(),
          result.adjustedPValue(),
          result
              .interval()
              .map(auc -> "  (AUC %.3f to %.3f)".formatted(auc.low(), auc.high()))
              .orElse(""));
    }
    for (ChangedWord word : words) {
      append(
          text,
          "%s: '%s' in %.1f %% of texts, was %.1f %%%n",
          word.field(),
          word.word(),
          100 * word.nowShare(),
          100 * word.referenceShare());
    }
    for (ChangedRow row : rows) {
      append(text, "%s, row %d (%.2f): %s%n", row.field(), row.row() + 1, row.score(), row.text());
    }
    return text.toString();
  }

  private static void append(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format.replace("%n", "\n"), values));
  }

  /** {@return the report as one JSON object} */
  public String json() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("drifted", drifted());
    fields.put("referenceRows", referenceRows);
    fields.put("nowRows", nowRows);
    fields.put("alpha", alpha);
    fields.put("results", results.stream().map(DriftReport::fields).toList());
    fields.put(
        "rows",
        rows.stream()
            .map(
                row ->
                    Map.of(
                        "field", row.field(),
                        "row", row.row(),
                        "text", row.text(),
                        "score", row.score()))
            .toList());
    fields.put(
        "words",
        words.stream()
            .map(
                word ->
                    Map.of(
                        "field", word.field(),
                        "word", word.word(),
                        "referenceShare", word.referenceShare(),
                        "nowShare", word.nowShare()))
            .toList());
    return Json.indented(PlainJson.tree(fields));
  }

  private static Map<String, Object> fields(Result result) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("field", result.field());
    fields.put("method", result.method().name().toLowerCase(Locale.ROOT));
    fields.put("statistic", result.statistic());
    result.interval().ifPresent(auc -> fields.put("interval", List.of(auc.low(), auc.high())));
    fields.put("pValue", result.pValue());
    fields.put("adjustedPValue", result.adjustedPValue());
    fields.put("effect", result.effect());
    fields.put("drifted", result.drifted());
    return fields;
  }
}
