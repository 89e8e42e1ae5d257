package io.adapt4j.eval.report;

import io.adapt4j.core.internal.Html;
import io.adapt4j.eval.report.Cases.Answer;
import io.adapt4j.eval.report.Cases.Case;
import io.adapt4j.eval.report.Cases.Kind;
import java.util.List;

/** Collapsible list of failed items, with prompt, expected and actual answer. */
final class HtmlCases {

  private static final int TEXT = 4000;
  private static final int QUESTION = 140;

  private final Content content;
  private final StringBuilder out = new StringBuilder();

  private HtmlCases(Content content) {
    this.content = content;
  }

  /** Formats the cases; empty if nothing failed. */
  static String of(Content content) {
    HtmlCases cases = new HtmlCases(content);
    if (content.cases() > 0) {
      content.tasks().forEach(cases::task);
    }
    return cases.out.isEmpty() ? "" : "<h2>Cases</h2>\n" + cases.out;
  }

  private void task(String task) {
    Cases cases = Cases.of(content, task);
    String metric = content.first().result(task).primary().name();
    for (Kind kind : Kind.values()) {
      List<Case> all = cases.of(kind);
      if (!all.isEmpty()) {
        int shown = Math.min(content.cases(), all.size());
        add(
            "<details><summary>%s: %s, %s%s</summary>\n",
            Html.escape(task),
            Html.escape(Cases.heading(kind, content)),
            Texts.count(all.size()),
            all.size() > shown ? ", the worst " + Texts.count(shown) + " shown" : "");
        all.subList(0, shown).forEach(item -> one(item, cases.question(item), metric));
        add("</details>\n");
      }
    }
  }

  private void one(Case item, String question, String metric) {
    add(
        "<details class=\"case\"><summary><b>%s</b> %s",
        Html.escape(Texts.line(item.item().id(), QUESTION)),
        Html.escape(Texts.line(question, QUESTION)));
    if (content.isComparison()) {
      item.answers().forEach(this::mark);
    }
    add("</summary>\n");
    text("prompt", Texts.tail(item.item().prompt(), TEXT));
    if (!item.item().expected().isEmpty()) {
      text("expected", Texts.head(item.item().expected(), TEXT));
    }
    item.answers().forEach(answer -> answer(answer, metric));
    item.item().fields().forEach((name, value) -> heading(Texts.line(name + ": " + value, TEXT)));
    add("</details>\n");
  }

  private void mark(Answer answer) {
    add(
        " <span class=\"mark %s %s</span>",
        answer.failed() ? "worse\">\u2717" : "better\">\u2713", Html.escape(answer.candidate()));
  }

  private void answer(Answer answer, String metric) {
    String heading =
        answer.candidate()
            + (answer.failed() ? ", failed, " : ", ")
            + metric
            + " "
            + Texts.number(answer.metric());
    var confidence = answer.outcome().confidence();
    String sure =
        confidence.isPresent() ? Texts.format(", confidence %.2f", confidence.getAsDouble()) : "";
    if (answer.outcome().got().isEmpty() && answer.outcome().expected().isEmpty()) {
      heading(heading + sure);
    } else {
      text(heading + sure, Texts.head(answer.outcome().got(), TEXT));
    }
  }

  private void text(String heading, String text) {
    add("<h4>%s</h4><pre>%s</pre>\n", Html.escape(heading), Html.escape(text));
  }

  private void heading(String text) {
    add("<h4>%s</h4>\n", Html.escape(text));
  }

  private void add(String pattern, Object... arguments) {
    out.append(Texts.format(pattern, arguments));
  }
}
