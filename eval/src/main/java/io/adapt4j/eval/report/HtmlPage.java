package io.adapt4j.eval.report;

import io.adapt4j.core.internal.Html;
import io.adapt4j.eval.Cost;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Retention;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.TaskMetric;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** Page of an evaluation report. */
final class HtmlPage {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT);

  private static final int MOST_IDENTITY = 48;

  private final Content content;
  private final StringBuilder out = new StringBuilder();

  private HtmlPage(Content content) {
    this.content = content;
  }

  static String of(Content content) {
    HtmlPage page = new HtmlPage(content);
    page.head();
    page.verdicts();
    page.comparisons();
    page.scores();
    page.out.append(HtmlCharts.of(content));
    page.costs();
    page.out.append(HtmlFailures.of(content)).append(HtmlCases.of(content));
    page.foot();
    return page.out.toString();
  }

  private void head() {
    out.append(Html.head(content.title(), "", "<style>\n" + style() + "</style>\n"))
        .append("<body>\n<header><h1>")
        .append(Html.escape(content.title()))
        .append("</h1><small>")
        .append(TIME.format(content.written().atOffset(ZoneOffset.UTC)))
        .append("</small></header>\n");
  }

  private static String style() {
    try (InputStream in = HtmlPage.class.getResourceAsStream("evaluation.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void verdicts() {
    List<String> sentences = Verdicts.sentences(content, name -> name);
    if (!sentences.isEmpty()) {
      out.append("<ul class=\"verdict\">");
      sentences.forEach(sentence -> out.append("<li>").append(Html.escape(sentence)));
      out.append("</ul>\n");
    }
  }

  private void scores() {
    out.append("<h2>Scores</h2><div class=\"wide\"><table class=\"scores\"><tr>")
        .append("<th class=\"name\">metric");
    content.reports().forEach(report -> out.append("<th>").append(Html.escape(report.candidate())));
    out.append("</tr>\n");
    for (String task : content.tasks()) {
      List<TaskResult> results = content.results(task);
      task(results.get(0), 1 + results.size());
      for (TaskMetric metric : results.get(0).definitions()) {
        score(results, metric);
      }
    }
    out.append("</table></div>\n");
  }

  /** A separate row, so that the candidates' columns fit on a phone. */
  private void task(TaskResult result, int columns) {
    out.append("<tr class=\"task\"><th class=\"name\" scope=\"rowgroup\" colspan=\"")
        .append(columns)
        .append("\"><b>")
        .append(Html.escape(result.task()))
        .append("</b> ")
        .append(Texts.count(result.outcomes().size()))
        .append(result.isGeneral() ? " items, general ability" : " items")
        .append("</tr>\n");
  }

  private void score(List<TaskResult> results, TaskMetric metric) {
    boolean counts = metric.equals(results.get(0).primary());
    out.append("<tr><td class=\"name\">")
        .append(Html.escape(metric.name()))
        .append("&nbsp;<span title=\"")
        .append(metric.largerIsBetter() ? "larger is better" : "smaller is better")
        .append("\">")
        .append(Texts.arrow(metric))
        .append("</span>");
    for (TaskResult result : results) {
      var found = Objects.requireNonNull(result.metrics().get(metric.name()));
      String value = Texts.number(found.value());
      out.append("<td>")
          .append(counts ? "<b>" + value + "</b>" : value)
          .append("<small>")
          .append(Texts.range(found))
          .append("</small>");
    }
    out.append("</tr>\n");
  }

  private void comparisons() {
    if (!content.isComparison()) {
      return;
    }
    boolean mcNemar = content.comparisons().stream().anyMatch(item -> item.mcNemar().isPresent());
    boolean kept = content.comparisons().stream().anyMatch(item -> item.retention().isPresent());
    out.append("<h2>Against ")
        .append(Html.escape(content.first().candidate()))
        .append("</h2><div class=\"wide\"><table><tr><th class=\"name\">task")
        .append("<th class=\"name\">candidate<th class=\"name\">verdict<th>difference<th>p")
        .append(mcNemar ? "<th>McNemar p" : "")
        .append("<th>won, tied, lost")
        .append(kept ? "<th>kept" : "")
        .append("</tr>\n");
    content.comparisons().forEach(item -> comparison(item, mcNemar, kept));
    out.append("</table></div>\n");
  }

  private void comparison(TaskComparison item, boolean mcNemar, boolean kept) {
    String verdict = Verdicts.of(item);
    out.append("<tr><td class=\"name\">")
        .append(Html.escape(item.task()))
        .append("<small>")
        .append(Html.escape(item.metric().name()))
        .append("&nbsp;")
        .append(Texts.arrow(item.metric()))
        .append("</small><td class=\"name\">")
        .append(Html.escape(item.candidate()))
        .append("<td class=\"name verdict ")
        .append(verdict.replace(' ', '-'))
        .append("\">")
        .append(verdict)
        .append("<td>")
        .append(Texts.signed(item.difference().value()))
        .append("<small>")
        .append(Texts.range(item.difference()))
        .append("</small><td>")
        .append(Texts.pValue(item.pValue()));
    if (mcNemar) {
      cell(item.mcNemar().isPresent() ? Texts.pValue(item.mcNemar().getAsDouble()) : "");
    }
    cell(shares(item));
    if (kept) {
      cell(item.retention().map(HtmlPage::retention).orElse(""));
    }
    out.append("</tr>\n");
  }

  private static String shares(TaskComparison comparison) {
    double all = Math.max(1, comparison.wins() + comparison.ties() + comparison.losses());
    double won = 100 * comparison.wins() / all;
    double tied = 100 * comparison.ties() / all;
    return Texts.format(
        "%d, %d, %d<br><svg class=\"wtl\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\""
            + " role=\"img\" aria-label=\"%d won, %d tied, %d lost\">"
            + "<rect class=\"won\" width=\"%.2f\" height=\"10\"/>"
            + "<rect class=\"tied\" x=\"%.2f\" width=\"%.2f\" height=\"10\"/>"
            + "<rect class=\"lost\" x=\"%.2f\" width=\"%.2f\" height=\"10\"/></svg>",
        comparison.wins(),
        comparison.ties(),
        comparison.losses(),
        comparison.wins(),
        comparison.ties(),
        comparison.losses(),
        won,
        won,
        tied,
        won + tied,
        Math.max(0, 100 - won - tied));
  }

  private static String retention(Retention retention) {
    String verdict = Verdicts.of(retention.verdict());
    return Texts.format(
        "<span class=\"%s\">%s</span> %s<small>%s to %s</small>",
        verdict,
        verdict,
        Texts.percent(retention.kept().value()),
        Texts.percent(retention.kept().low()),
        Texts.percent(retention.kept().high()));
  }

  private void costs() {
    out.append("<h2>Cost</h2><div class=\"wide\"><table><tr><th class=\"name\">candidate")
        .append("<th>requests asked<th>answered before<th>tokens read<th>tokens written")
        .append("<th>time for replies<th>time in all</tr>\n");
    for (EvaluationReport report : content.reports()) {
      Cost cost = report.cost();
      out.append("<tr><td class=\"name\">")
          .append(Html.escape(report.candidate()))
          .append("<small>")
          .append(Html.escape(Texts.line(report.identity(), MOST_IDENTITY)))
          .append("</small>");
      cell(Texts.count(cost.asked()));
      cell(Texts.count(cost.kept()));
      cell(Texts.count(cost.promptTokens()));
      cell(Texts.count(cost.newTokens()));
      cell(Texts.time(cost.candidate()));
      cell(Texts.time(cost.total()));
      out.append("</tr>\n");
    }
    out.append("</table></div>\n");
  }

  private void cell(String text) {
    out.append("<td>").append(text);
  }

  private void foot() {
    out.append("<footer>").append(Verdicts.CAVEAT).append("</footer>\n</body></html>\n");
  }
}
