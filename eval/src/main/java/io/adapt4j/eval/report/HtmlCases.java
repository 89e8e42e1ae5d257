package io.adapt4j.eval.report;

import io.adapt4j.core.internal.Html;
import io.adapt4j.eval.report.Cases.Answer;
import io.adapt4j.eval.report.Cases.Case;
import io.adapt4j.eval.report.Cases.Kind;
import java.util.List;
import java.util.Map;

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
        out.append("<details><summary>")
            .append(Html.escape(task))
            .append(": ")
            .append(Html.escape(Cases.heading(kind, content)))
            .append(", ")
            .append(Texts.count(all.size()))
            .append(all.size() > shown ? ", the worst " + Texts.count(shown) + " shown" : "")
            .append("</summary>\n");
        all.subList(0, shown).forEach(item -> one(item, cases.question(item), metric));
        out.append("</details>\n");
      }
    }
  }

  private void one(Case other, String question, String metric) {
    out.append("<details class=\"case\"><summary><b>")
        .append(Html.escape(Texts.line(other.item().id(), QUESTION)))
        .append("</b> ")
        .append(Html.escape(Texts.line(question, QUESTION)));
    if (content.isComparison()) {
      other.answers().forEach(this::mark);
    }
    out.append("</summary>\n");
    text("prompt", Texts.tail(other.item().prompt(), TEXT));
    if (!other.item().expected().isEmpty()) {
      text("expected", Texts.head(other.item().expected(), TEXT));
    }
    other.answers().forEach(answer -> answer(answer, metric));
    fields(other.item().fields());
    out.append("</details>\n");
  }

  private void mark(Answer answer) {
    out.append(" <span class=\"mark ")
        .append(answer.failed() ? "worse\">\u2717 " : "better\">\u2713 ")
        .append(Html.escape(answer.candidate()))
        .append("</span>");
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
      out.append("<h4>").append(Html.escape(heading + sure)).append("</h4>\n");
    } else {
      text(heading + sure, Texts.head(answer.outcome().got(), TEXT));
    }
  }

  private void text(String heading, String text) {
    out.append("<h4>")
        .append(Html.escape(heading))
        .append("</h4><pre>")
        .append(Html.escape(text))
        .append("</pre>\n");
  }

  private void fields(Map<String, String> fields) {
    fields.forEach(
        (name, value) ->
            out.append("<h4>")
                .append(Html.escape(Texts.line(name + ": " + value, TEXT)))
                .append("</h4>\n"));
  }
}
