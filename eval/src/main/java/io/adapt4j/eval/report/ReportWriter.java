package io.adapt4j.eval.report;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.report.Content.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;

/**
 * Writes reports: a self-contained HTML page, Markdown for a pull request, and JSON for builds.
 * Files are written atomically, and missing folders are created.
 *
 * <p>Immutable: each setting returns a new writer.
 */
public final class ReportWriter {

  private static final int CASES = 20;

  private final Content content;

  private ReportWriter(Content content) {
    this.content = content;
  }

  /**
   * Creates the writer of a candidate's report.
   *
   * @param report its report
   * @return a writer, titled with the candidate's name
   */
  public static ReportWriter of(EvaluationReport report) {
    return new ReportWriter(
        content(
            "Evaluation of " + report.candidate(),
            List.of(report),
            List.of(),
            OptionalDouble.empty()));
  }

  /**
   * Creates the writer of a comparison.
   *
   * @param report the comparison
   * @return a writer, titled with the candidates' names
   */
  public static ReportWriter of(ComparisonReport report) {
    List<String> others =
        report.reports().stream().skip(1).map(EvaluationReport::candidate).toList();
    return new ReportWriter(
        content(
            String.join(", ", others) + " against " + report.baseline().candidate(),
            report.reports(),
            report.comparisons(),
            OptionalDouble.of(report.retentionThreshold())));
  }

  private static Content content(
      String title,
      List<EvaluationReport> reports,
      List<TaskComparison> comparisons,
      OptionalDouble retention) {
    Settings settings = new Settings(title, Instant.now(), CASES, List.of());
    return new Content(reports, comparisons, retention, settings);
  }

  private Settings settings() {
    return content.settings();
  }

  private ReportWriter with(Settings settings) {
    return new ReportWriter(
        new Content(
            content.reports(), content.comparisons(), content.retentionThreshold(), settings));
  }

  /**
   * Sets the title.
   *
   * @param text any text
   * @return a new writer
   */
  public ReportWriter title(String text) {
    Objects.requireNonNull(text, "text");
    return with(new Settings(text, settings().written(), settings().cases(), settings().history()));
  }

  /**
   * Sets the time of the report; default now.
   *
   * @param time the time
   * @return a new writer
   */
  public ReportWriter written(Instant time) {
    Objects.requireNonNull(time, "time");
    return with(new Settings(settings().title(), time, settings().cases(), settings().history()));
  }

  /**
   * Sets the number of cases per task and kind in the page and the Markdown: failed items, with
   * prompt, expected and actual answer.
   *
   * @param most 0 or more; default 20
   * @return a new writer
   * @throws IllegalArgumentException if it is negative
   */
  public ReportWriter cases(int most) {
    if (most < 0) {
      throw new IllegalArgumentException("cases: expected 0 or more, found " + most);
    }
    return with(new Settings(settings().title(), settings().written(), most, settings().history()));
  }

  /**
   * Adds the history of scores to the page. Candidates and tasks are matched by name; this report
   * comes last.
   *
   * @param folder folder of earlier reports written by {@link #writeJson}
   * @return a new writer
   * @throws IllegalArgumentException if one cannot be read, or has another schema; the message
   *     names file, line and key
   */
  public ReportWriter history(Path folder) {
    List<StoredReport> oldestFirst =
        StoredReport.readAll(folder).stream()
            .sorted(Comparator.comparing(StoredReport::written))
            .toList();
    return with(
        new Settings(settings().title(), settings().written(), settings().cases(), oldestFirst));
  }

  /**
   * Returns the report as a page: tables, charts and cases. It loads nothing, runs no script, and
   * follows the reader's choice of light or dark.
   *
   * @return HTML
   */
  public String html() {
    return HtmlPage.of(content);
  }

  /**
   * {@return the report as GitHub Markdown, short enough for a comment there (65,536 characters):
   * cases that do not fit are left out and counted}
   */
  public String markdown() {
    return MarkdownText.of(content);
  }

  /**
   * Returns the report as JSON. Its keys are listed in {@code docs/evaluation-reports.md}; {@code
   * schema} changes when a key changes its meaning or is removed.
   *
   * @return JSON
   */
  public String json() {
    return JsonText.of(content);
  }

  /**
   * Writes the page.
   *
   * @param file the file to create or replace, such as {@code report.html}
   */
  public void writeHtml(Path file) {
    write(file, html());
  }

  /**
   * Writes the Markdown.
   *
   * @param file the file to create or replace, such as {@code report.md}
   */
  public void writeMarkdown(Path file) {
    write(file, markdown());
  }

  /**
   * Writes the JSON.
   *
   * @param file the file to create or replace, such as {@code report.json}
   */
  public void writeJson(Path file) {
    write(file, json());
  }

  private static void write(Path file, String text) {
    try {
      AtomicFiles.writeText(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot write the report " + file + ": " + WriteFailure.explain(file, e) + ".", e);
    }
  }
}
