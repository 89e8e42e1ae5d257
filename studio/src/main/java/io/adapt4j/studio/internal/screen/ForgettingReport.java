package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Retention;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.stats.ConfidenceInterval;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.exam.Exam;
import io.adapt4j.studio.internal.exam.Exam.Candidate;
import io.adapt4j.studio.internal.exam.ExamCases;
import io.adapt4j.studio.internal.exam.ExamCases.Case;
import io.adapt4j.studio.internal.exam.ExamResults;
import io.adapt4j.studio.internal.exam.ExamStores;
import io.adapt4j.studio.internal.exam.Exams;
import io.adapt4j.studio.internal.page.Charts;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.plan.PlanText;
import io.adapt4j.studio.internal.store.Plans;
import io.adapt4j.studio.internal.store.Plans.Plan;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.web.Fields;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Forgetting: the share of the base's score that each model has kept, with examples, remedies. */
final class ForgettingReport {

  private static final int SIZE = 10;

  private final ExamStores parts;
  private final Plans plans;

  ForgettingReport(ExamStores parts, Plans plans) {
    this.parts = parts;
    this.plans = plans;
  }

  /** Adds what is kept of each general task, and examples of what is not. */
  void add(Map<String, Object> model, Look look, Exam exam, ComparisonReport report, Fields query)
      throws IOException {
    Map<String, String> names = ExamReport.names(look, exam);
    List<String> general =
        report.baseline().results().stream()
            .filter(TaskResult::isGeneral)
            .map(TaskResult::task)
            .toList();
    List<String> others =
        report.reports().stream().skip(1).map(EvaluationReport::candidate).toList();
    model.put("general", !general.isEmpty());
    model.put("others", !others.isEmpty());
    model.put("kept", kept(look, report, names));
    if (general.isEmpty() || others.isEmpty()) {
      return;
    }
    String task = general.contains(query.text("task")) ? query.text("task") : general.get(0);
    String with = others.contains(query.text("with")) ? query.text("with") : others.get(0);
    ExamCases cases = ExamCases.of(report, with, task);
    List<Case> lost = cases.lost();
    int page = query.number("page", 0, 0, 100_000);
    List<Object> rows = new ArrayList<>();
    for (Case each : Models.onPage(lost, page, SIZE)) {
      rows.add(ExamReport.row(look, each, cases.now().primary()));
    }
    model.put("cases", rows);
    model.put("graded", cases.isGraded());
    model.put("count", look.formats().count(lost.size()));
    model.put("all", look.formats().count(cases.now().outcomes().size()));
    model.put("task_choices", PlanScreen.options(task, general, Map.of()));
    model.put("with_choices", PlanScreen.options(with, others, names));
    model.put("before_name", names.getOrDefault(report.baseline().candidate(), ""));
    model.put("now_name", names.getOrDefault(with, ""));
    model.put("with", with);
    String address =
        look.to(
            "exams/"
                + exam.id()
                + "/forgetting?task="
                + ExamReport.encoded(task)
                + "&with="
                + ExamReport.encoded(with)
                + "&page=");
    model.put("pages", Models.pages(look, address, page, SIZE, lost.size()));
    boolean old = Files.exists(old(exam)) && Files.size(old(exam)) > 0;
    model.put(
        "remedies",
        old
            && exam.candidates().stream()
                .anyMatch(each -> each.run().equals(with) && !each.training().isEmpty()));
    model.put("old", old);
  }

  private Path old(Exam exam) {
    return parts.exams().folder(exam.id()).resolve(Exams.OLD);
  }

  private static List<Object> kept(Look look, ComparisonReport report, Map<String, String> names) {
    List<ConfidenceInterval> all = new ArrayList<>();
    report.comparisons().forEach(each -> each.retention().ifPresent(is -> all.add(is.kept())));
    Charts.Axis axis = ExamFigures.axis(all, List.of(ExamResults.KEPT, 1.0));
    List<Object> rows = new ArrayList<>();
    for (TaskComparison comparison : report.comparisons()) {
      comparison
          .retention()
          .ifPresent(
              retention -> {
                ConfidenceInterval kept = retention.kept();
                Map<String, Object> row = new LinkedHashMap<>();
                row.put("task", comparison.task());
                row.put("name", names.getOrDefault(comparison.candidate(), ""));
                row.put("kept", look.formats().share(kept.value()));
                row.put(
                    "range",
                    look.message(
                        "exam_range",
                        look.formats().share(kept.low()),
                        look.formats().share(kept.high())));
                row.put(
                    "chart",
                    Charts.interval(
                        axis, kept.low(), kept.value(), kept.high(), ExamResults.KEPT, "c"));
                row.put(
                    "verdict",
                    look.message(
                        "forgetting_"
                            + retention.verdict().name().toLowerCase(Locale.ROOT)
                            + "_verdict"));
                row.put("badge", badge(retention.verdict()));
                rows.add(row);
              });
    }
    return rows;
  }

  private static String badge(Retention.Verdict verdict) {
    return switch (verdict) {
      case KEPT -> "good";
      case LOST -> "bad";
      case UNSURE -> "warn";
    };
  }

  /** Makes a plan of the training that a candidate is from, with a remedy. */
  Plan remedy(Exam exam, Fields form) throws IOException {
    Candidate candidate =
        exam.candidates().stream()
            .filter(each -> !each.training().isEmpty() && each.run().equals(form.text("with")))
            .findFirst()
            .orElseThrow(Refusal::notFound);
    Run run = parts.trainings().runs().get(candidate.training());
    ObjectNode tree = parts.trainings().description(run).deepCopy();
    tree.remove(List.of("output", "resume", "overwriteOutput"));
    ObjectNode data = JsonNodeFactory.instance.objectNode().put("path", old(exam).toString());
    JsonNode chat = tree.path("data").path("asChat");
    if (chat.asBoolean()) {
      data.set("asChat", chat);
    }
    switch (form.text("remedy")) {
      case "replay" -> tree.set("replay", data.put("share", new BigDecimal("0.3")));
      case "kl" -> {
        ObjectNode kl = JsonNodeFactory.instance.objectNode();
        kl.putObject("klToBase").put("strength", 1).set("on", data);
        tree.putArray("regularize").add(kl);
      }
      default -> throw Refusal.notFound();
    }
    return plans.add(run.name(), exam.data().source(), PlanText.yaml(tree));
  }
}
