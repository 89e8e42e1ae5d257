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
    out.append("<details><summary>")
        .append(Html.escape(candidate + " on " + result.task()))
        .append(": ")
        .append(Texts.count(analysis.failures().size()))
        .append(" of ")
        .append(Texts.count(result.outcomes().size()))
        .append(" items, ")
        .append(Html.escape(result.primary().name()))
        .append(result.primary().largerIsBetter() ? " below " : " above ")
        .append(Texts.number(analysis.threshold()))
        .append("</summary>\n");
    for (String field : analysis.fields()) {
      List<Slice> slices = analysis.slices(field);
      if (slices.size() > 1 && slices.size() <= MOST_VALUES) {
        slices("By " + field, result, slices);
      }
    }
    slices("By characters of the prompt", result, analysis.byLength(BUCKETS));
    slices("By confidence", result, analysis.byConfidence(BUCKETS));
    confusions(analysis.confusions(MOST_SLICES));
    out.append("</details>\n");
  }

  private void slices(String title, TaskResult result, List<Slice> slices) {
    if (slices.size() < 2) {
      return;
    }
    out.append("<h3>")
        .append(Html.escape(title))
        .append("</h3><div class=\"wide\"><table><tr><th class=\"name\"><th>items<th>failed")
        .append("<th>failure rate<th>")
        .append(Html.escape(result.primary().name()))
        .append("</tr>\n");
    for (Slice slice : slices.subList(0, Math.min(MOST_SLICES, slices.size()))) {
      out.append("<tr><td class=\"name\">")
          .append(Html.escape(Texts.line(slice.name(), MOST_TEXT)))
          .append("<td>")
          .append(Texts.count(slice.items()))
          .append("<td>")
          .append(Texts.count(slice.failures()))
          .append("<td>")
          .append(Texts.percent(slice.failureRate().value()))
          .append("<small>")
          .append(Texts.percent(slice.failureRate().low()))
          .append(" to ")
          .append(Texts.percent(slice.failureRate().high()))
          .append("</small><td>")
          .append(Texts.number(slice.metric()))
          .append("</tr>\n");
    }
    out.append("</table></div>\n");
  }

  /** Free-text answers are hardly ever confused with each other twice. */
  private void confusions(List<Confusion> all) {
    List<Confusion> several = all.stream().filter(confusion -> confusion.count() > 1).toList();
    if (several.isEmpty() || several.get(0).expected().isEmpty()) {
      return;
    }
    out.append("<h3>Answers taken for others</h3><div class=\"wide\"><table>")
        .append("<tr><th class=\"name\">expected<th class=\"name\">got<th>items</tr>\n");
    for (Confusion confusion : several) {
      out.append("<tr><td class=\"name\">")
          .append(Html.escape(Texts.line(confusion.expected(), MOST_TEXT)))
          .append("<td class=\"name\">")
          .append(Html.escape(Texts.line(confusion.got(), MOST_TEXT)))
          .append("<td>")
          .append(Texts.count(confusion.count()))
          .append("</tr>\n");
    }
    out.append("</table></div>\n");
  }
}
