package io.adapt4j.eval.report;

import io.adapt4j.core.internal.Html;
import io.adapt4j.eval.Cost;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Retention;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.TaskMetric;
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
    out.append(
        Html.head(
            content.title(),
            "",
            "<style>\n" + Html.resource(HtmlPage.class, "evaluation.css") + "</style>\n"));
    add(
        "<body>\n<header><h1>%s</h1><small>%s</small></header>\n",
        Html.escape(content.title()), TIME.format(content.written().atOffset(ZoneOffset.UTC)));
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
    add("<h2>Scores</h2><div class=\"wide\"><table class=\"scores\"><tr><th class=\"name\">metric");
    content.reports().forEach(report -> add("<th>%s", Html.escape(report.candidate())));
    add("</tr>\n");
    for (String task : content.tasks()) {
      List<TaskResult> results = content.results(task);
      task(results.get(0), 1 + results.size());
      results.get(0).definitions().forEach(metric -> score(results, metric));
    }
    add("</table></div>\n");
  }

  /** A separate row, so that the candidates' columns fit on a phone. */
  private void task(TaskResult result, int columns) {
    add(
        "<tr class=\"task\"><th class=\"name\" scope=\"rowgroup\" colspan=\"%d\"><b>%s</b> %s items%s"
            + "</tr>\n",
        columns,
        Html.escape(result.task()),
        Texts.count(result.outcomes().size()),
        result.isGeneral() ? ", general ability" : "");
  }

  private void score(List<TaskResult> results, TaskMetric metric) {
    boolean counts = metric.equals(results.get(0).primary());
    add(
        "<tr><td class=\"name\">%s&nbsp;<span title=\"%s is better\">%s</span>",
        Html.escape(metric.name()),
        metric.largerIsBetter() ? "larger" : "smaller",
        Texts.arrow(metric));
    for (TaskResult result : results) {
      var found = Objects.requireNonNull(result.metrics().get(metric.name()));
      String value = Texts.number(found.value());
      add("<td>%s<small>%s</small>", counts ? "<b>" + value + "</b>" : value, Texts.range(found));
    }
    add("</tr>\n");
  }

  private void comparisons() {
    if (!content.isComparison()) {
      return;
    }
    boolean mcNemar = content.comparisons().stream().anyMatch(item -> item.mcNemar().isPresent());
    boolean kept = content.comparisons().stream().anyMatch(item -> item.retention().isPresent());
    add(
        "<h2>Against %s</h2><div class=\"wide\"><table><tr><th class=\"name\">task<th class=\"name\">"
            + "candidate<th class=\"name\">verdict<th>difference<th>p%s<th>won, tied, lost%s</tr>\n",
        Html.escape(content.first().candidate()),
        mcNemar ? "<th>McNemar p" : "",
        kept ? "<th>kept" : "");
    content.comparisons().forEach(item -> comparison(item, mcNemar, kept));
    add("</table></div>\n");
  }

  private void comparison(TaskComparison item, boolean mcNemar, boolean kept) {
    String verdict = Verdicts.of(item);
    add(
        "<tr><td class=\"name\">%s<small>%s&nbsp;%s</small><td class=\"name\">%s"
            + "<td class=\"name verdict %s\">%s<td>%s<small>%s</small><td>%s",
        Html.escape(item.task()),
        Html.escape(item.metric().name()),
        Texts.arrow(item.metric()),
        Html.escape(item.candidate()),
        verdict.replace(' ', '-'),
        verdict,
        Texts.signed(item.difference().value()),
        Texts.range(item.difference()),
        Texts.pValue(item.pValue()));
    if (mcNemar) {
      add("<td>%s", item.mcNemar().isPresent() ? Texts.pValue(item.mcNemar().getAsDouble()) : "");
    }
    add("<td>%s", shares(item));
    if (kept) {
      add("<td>%s", item.retention().map(HtmlPage::retention).orElse(""));
    }
    add("</tr>\n");
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
    add(
        "<h2>Cost</h2><div class=\"wide\"><table><tr><th class=\"name\">candidate<th>requests asked"
            + "<th>answered before<th>tokens read<th>tokens written<th>time for replies"
            + "<th>time in all</tr>\n");
    for (EvaluationReport report : content.reports()) {
      Cost cost = report.cost();
      add(
          "<tr><td class=\"name\">%s<small>%s</small><td>%s<td>%s<td>%s<td>%s<td>%s<td>%s</tr>\n",
          Html.escape(report.candidate()),
          Html.escape(Texts.line(report.identity(), MOST_IDENTITY)),
          Texts.count(cost.asked()),
          Texts.count(cost.kept()),
          Texts.count(cost.promptTokens()),
          Texts.count(cost.newTokens()),
          Texts.time(cost.candidate()),
          Texts.time(cost.total()));
    }
    add("</table></div>\n");
  }

  private void add(String pattern, Object... arguments) {
    out.append(Texts.format(pattern, arguments));
  }

  private void foot() {
    add("<footer>%s</footer>\n</body></html>\n", Verdicts.CAVEAT);
  }
}
