package io.adapt4j.eval.report;

import io.adapt4j.eval.Cost;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Retention;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A report as GitHub Markdown. Names and texts are in code spans, where they cannot act as markup,
 * mentions or references.
 */
final class MarkdownText {

  /** GitHub allows 65,536 characters; the text after the cases needs some. */
  private static final int MOST = 60_000;

  private static final int TEXT = 1500;

  // Fields of the items of LongContext.
  private static final String LENGTH = "length";
  private static final String DEPTH = "depth";

  private final Content content;
  private final StringBuilder out = new StringBuilder();

  private MarkdownText(Content content) {
    this.content = content;
  }

  static String of(Content content) {
    MarkdownText text = new MarkdownText(content);
    text.out.append("## ").append(plain(content.title())).append("\n\n");
    Verdicts.sentences(content, MarkdownText::code)
        .forEach(sentence -> text.out.append("- ").append(sentence).append('\n'));
    text.comparisons();
    text.scores();
    text.grids();
    text.costs();
    text.cases();
    return text.out.append('\n').append(Verdicts.CAVEAT).append('\n').toString();
  }

  private void scores() {
    List<String> header = new ArrayList<>(List.of("task", "metric", "items"));
    content.reports().forEach(report -> header.add(code(report.candidate())));
    List<List<String>> rows = new ArrayList<>();
    for (String task : content.tasks()) {
      List<TaskResult> results = content.results(task);
      for (TaskMetric metric : results.get(0).definitions()) {
        boolean counts = metric.equals(results.get(0).primary());
        List<String> row = new ArrayList<>();
        row.add(counts ? code(task) + (results.get(0).isGeneral() ? " (general)" : "") : "");
        row.add(code(metric.name()) + " " + Texts.arrow(metric));
        row.add(counts ? Texts.count(results.get(0).outcomes().size()) : "");
        for (TaskResult result : results) {
          row.add(score(Objects.requireNonNull(result.metrics().get(metric.name())), counts));
        }
        rows.add(row);
      }
    }
    table("Scores", header, 2, rows);
  }

  /** The primary metric by the fields length and depth, for tasks whose items have them. */
  private void grids() {
    for (String task : content.tasks()) {
      for (EvaluationReport report : content.reports()) {
        TaskResult result = report.result(task);
        if (result.outcomes().stream()
            .allMatch(outcome -> outcome.fields().keySet().containsAll(List.of(LENGTH, DEPTH)))) {
          grid(report.candidate(), result);
        }
      }
    }
  }

  private void grid(String candidate, TaskResult result) {
    Function<Outcome, String> depth =
        outcome -> Objects.requireNonNull(outcome.fields().get(DEPTH));
    List<String> depths = result.outcomes().stream().map(depth).distinct().sorted().toList();
    Map<String, List<Outcome>> lengths =
        result.outcomes().stream()
            .collect(
                Collectors.groupingBy(
                    outcome -> Objects.requireNonNull(outcome.fields().get(LENGTH)),
                    LinkedHashMap::new,
                    Collectors.toList()));
    List<List<String>> rows = new ArrayList<>();
    lengths.forEach(
        (length, outcomes) -> {
          List<String> row = new ArrayList<>(List.of(plain(length)));
          for (String place : depths) {
            List<Outcome> cell =
                outcomes.stream().filter(outcome -> depth.apply(outcome).equals(place)).toList();
            row.add(cell.isEmpty() ? "" : Texts.number(result.primary().of(cell)));
          }
          rows.add(row);
        });
    List<String> header = new ArrayList<>(List.of(LENGTH));
    depths.forEach(place -> header.add(plain(place)));
    table(
        code(result.task())
            + ", "
            + code(candidate)
            + ": "
            + code(result.primary().name())
            + " by length and depth",
        header,
        0,
        rows);
  }

  private static String score(ConfidenceInterval found, boolean counts) {
    String value = Texts.number(found.value());
    String range = Texts.range(found);
    return (counts ? "**" + value + "**" : value) + (range.isEmpty() ? "" : " (" + range + ")");
  }

  private void comparisons() {
    if (!content.isComparison()) {
      return;
    }
    boolean kept = content.comparisons().stream().anyMatch(item -> item.retention().isPresent());
    List<List<String>> rows = new ArrayList<>();
    for (TaskComparison comparison : content.comparisons()) {
      List<String> row = new ArrayList<>();
      row.addAll(
          List.of(
              code(comparison.task()),
              code(comparison.candidate()),
              Verdicts.of(comparison),
              Texts.signed(comparison.difference().value())
                  + " ("
                  + Texts.range(comparison.difference())
                  + ")",
              Texts.pValue(comparison.pValue()),
              comparison.wins() + " / " + comparison.ties() + " / " + comparison.losses()));
      if (kept) {
        row.add(comparison.retention().map(MarkdownText::retention).orElse(""));
      }
      rows.add(row);
    }
    List<String> header =
        new ArrayList<>(
            List.of("task", "candidate", "verdict", "difference", "p", "won / tied / lost"));
    if (kept) {
      header.add("retention");
    }
    table("Against " + code(content.first().candidate()), header, 3, rows);
  }

  private static String retention(Retention retention) {
    return Verdicts.of(retention.verdict()) + ": " + Texts.percent(retention.kept().value());
  }

  private void costs() {
    List<List<String>> rows = new ArrayList<>();
    for (EvaluationReport report : content.reports()) {
      Cost cost = report.cost();
      rows.add(
          List.of(
              code(report.candidate()),
              Texts.count(cost.asked()),
              Texts.count(cost.kept()),
              Texts.count(cost.promptTokens()),
              Texts.count(cost.newTokens()),
              Texts.time(cost.candidate()),
              Texts.time(cost.total())));
    }
    table(
        "Cost",
        List.of(
            "candidate",
            "requests asked",
            "answered before",
            "tokens read",
            "tokens written",
            "time for replies",
            "time in all"),
        1,
        rows);
  }

  /** The first columns are texts, the others numbers. */
  private void table(String title, List<String> header, int texts, List<List<String>> rows) {
    out.append("\n### ").append(title).append("\n\n");
    row(header);
    out.append('|');
    for (int i = 0; i < header.size(); i++) {
      out.append(i < texts ? " --- |" : " ---: |");
    }
    out.append('\n');
    rows.forEach(this::row);
  }

  /** A vertical bar would end its cell, even in code. */
  private void row(List<String> cells) {
    out.append(
        cells.stream()
            .map(cell -> cell.replace("|", "\\|"))
            .collect(Collectors.joining(" | ", "| ", " |\n")));
  }

  private void cases() {
    int left = 0;
    for (String task : content.tasks()) {
      Cases cases = Cases.of(content, task);
      for (Cases.Kind kind : Cases.Kind.values()) {
        left += cases(task, kind, cases.of(kind));
      }
    }
    if (left > 0) {
      out.append("\n").append(Texts.count(left)).append(" more cases are not shown here.\n");
    }
  }

  /** Formats cases and returns the number of those left out. */
  private int cases(String task, Cases.Kind kind, List<Cases.Case> cases) {
    List<String> shown = new ArrayList<>();
    int length = out.length();
    for (Cases.Case other : cases.subList(0, Math.min(content.cases(), cases.size()))) {
      String text = text(other);
      length += text.length();
      if (length > MOST) {
        break;
      }
      shown.add(text);
    }
    if (!shown.isEmpty()) {
      out.append("\n<details><summary><code>")
          .append(escaped(task))
          .append("</code>: ")
          .append(escaped(Cases.heading(kind, content)))
          .append(" (")
          .append(Texts.count(cases.size()))
          .append(")</summary>\n");
      shown.forEach(out::append);
      out.append("\n</details>\n");
    }
    return cases.size() - shown.size();
  }

  private static String text(Cases.Case other) {
    StringBuilder text = new StringBuilder("\n**" + code(other.item().id()) + "**\n\n");
    text.append(block(Texts.tail(other.item().prompt(), TEXT)));
    if (!other.item().expected().isEmpty()) {
      text.append("\nexpected\n\n").append(block(Texts.head(other.item().expected(), TEXT)));
    }
    for (Cases.Answer answer : other.answers()) {
      text.append("\n")
          .append(code(answer.candidate()))
          .append(answer.failed() ? ": failed, " : ": ")
          .append(Texts.number(answer.metric()))
          .append("\n");
      if (!answer.outcome().got().isEmpty()) {
        text.append("\n").append(block(Texts.head(answer.outcome().got(), TEXT)));
      }
    }
    return text.toString();
  }

  /** A block whose fence is longer than any in the text. */
  private static String block(String text) {
    String fence = "`".repeat(Math.max(3, longestRun(text) + 1));
    return fence + "text\n" + text + "\n" + fence + "\n";
  }

  /** A span whose fence is longer than any in the text. */
  static String code(String text) {
    String line = text.replaceAll("\\s+", " ").strip();
    if (line.isEmpty()) {
      return "\u2013";
    }
    int run = longestRun(line);
    String fence = "`".repeat(run + 1);
    String room = run == 0 ? "" : " ";
    return fence + room + line + room + fence;
  }

  private static int longestRun(String text) {
    int longest = 0;
    int run = 0;
    for (int i = 0; i < text.length(); i++) {
      run = text.charAt(i) == '`' ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    return longest;
  }

  /** A heading on one line without markup. */
  private static String plain(String text) {
    return escaped(text).replaceAll("([\\\\`*_\\[\\]#|~])", "\\\\$1");
  }

  private static String escaped(String text) {
    return text.replaceAll("\\s+", " ")
        .strip()
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;");
  }
}
