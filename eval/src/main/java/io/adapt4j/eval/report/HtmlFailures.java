package io.adapt4j.eval.report;

import io.adapt4j.core.internal.Html;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.failure.FailureAnalysis;
import io.adapt4j.eval.failure.Slice;
import io.adapt4j.eval.metric.Confusion;
import java.util.List;

/** Collapsible tables of the candidates' failures. */
final class HtmlFailures {

  private static final int BUCKETS = 5;
  private static final int MOST_SLICES = 12;
  private static final int MOST_VALUES = 100;
  private static final int MOST_TEXT = 80;

  private final StringBuilder out = new StringBuilder();

  private HtmlFailures() {}

  /** Formats the tables; empty if nothing failed. */
  static String of(Content content) {
    HtmlFailures failures = new HtmlFailures();
    for (EvaluationReport report : content.reports()) {
      for (TaskResult result : report.results()) {
        failures.add(report.candidate(), content.analysis(result));
      }
    }
    return failures.out.isEmpty() ? "" : "<h2>Where they fail</h2>\n" + failures.out;
  }

  private void add(String candidate, FailureAnalysis analysis) {
    if (analysis.failures().isEmpty()) {
      return;
    }
    TaskResult result = analysis.result();
    write(
        "<details><summary>%s: %s of %s items, %s %s %s</summary>\n",
        Html.escape(candidate + " on " + result.task()),
        Texts.count(analysis.failures().size()),
        Texts.count(result.outcomes().size()),
        Html.escape(result.primary().name()),
        result.primary().largerIsBetter() ? "below" : "above",
        Texts.number(analysis.threshold()));
    for (String field : analysis.fields()) {
      List<Slice> slices = analysis.slices(field);
      if (slices.size() > 1 && slices.size() <= MOST_VALUES) {
        slices("By " + field, result, slices);
      }
    }
    slices("By characters of the prompt", result, analysis.byLength(BUCKETS));
    slices("By confidence", result, analysis.byConfidence(BUCKETS));
    confusions(analysis.confusions(MOST_SLICES));
    write("</details>\n");
  }

  private void write(String pattern, Object... arguments) {
    out.append(Texts.format(pattern, arguments));
  }

  private void slices(String title, TaskResult result, List<Slice> slices) {
    if (slices.size() < 2) {
      return;
    }
    write(
        "<h3>%s</h3><div class=\"wide\"><table><tr><th class=\"name\"><th>items<th>failed"
            + "<th>failure rate<th>%s</tr>\n",
        Html.escape(title), Html.escape(result.primary().name()));
    for (Slice slice : slices.subList(0, Math.min(MOST_SLICES, slices.size()))) {
      write(
          "<tr><td class=\"name\">%s<td>%s<td>%s<td>%s<small>%s to %s</small><td>%s</tr>\n",
          Html.escape(Texts.line(slice.name(), MOST_TEXT)),
          Texts.count(slice.items()),
          Texts.count(slice.failures()),
          Texts.percent(slice.failureRate().value()),
          Texts.percent(slice.failureRate().low()),
          Texts.percent(slice.failureRate().high()),
          Texts.number(slice.metric()));
    }
    write("</table></div>\n");
  }

  /** Free-text answers are hardly ever confused with each other twice. */
  private void confusions(List<Confusion> all) {
    List<Confusion> several = all.stream().filter(confusion -> confusion.count() > 1).toList();
    if (several.isEmpty() || several.get(0).expected().isEmpty()) {
      return;
    }
    write(
        "<h3>Answers taken for others</h3><div class=\"wide\"><table>"
            + "<tr><th class=\"name\">expected<th class=\"name\">got<th>items</tr>\n");
    for (Confusion confusion : several) {
      write(
          "<tr><td class=\"name\">%s<td class=\"name\">%s<td>%s</tr>\n",
          Html.escape(Texts.line(confusion.expected(), MOST_TEXT)),
          Html.escape(Texts.line(confusion.got(), MOST_TEXT)),
          Texts.count(confusion.count()));
    }
    write("</table></div>\n");
  }
}
