package io.adapt4j.eval.report;

import com.google.common.collect.ListMultimap;
import com.google.common.collect.MultimapBuilder;
import com.google.common.collect.Multimaps;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.failure.FailureAnalysis;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Items of a task on which a candidate failed, the worst first. */
final class Cases {

  /** Kinds of cases. */
  enum Kind {
    /** One of the candidates failed; the baseline, if there is one, did not. */
    FAILED,
    /** The baseline failed, and so did another. */
    STILL_FAILED,
    /** The baseline failed, the others did not. */
    GAINED
  }

  record Case(Outcome item, List<Answer> answers) {}

  /** A candidate's answer to an item. */
  record Answer(String candidate, Outcome outcome, double metric, boolean failed) {}

  private final ListMultimap<Kind, Case> cases =
      MultimapBuilder.enumKeys(Kind.class).arrayListValues().build();

  private final FailureAnalysis first;

  private Cases(FailureAnalysis first) {
    this.first = first;
  }

  static Cases of(Content content, String task) {
    List<TaskResult> results = content.results(task);
    List<FailureAnalysis> analyses = results.stream().map(content::analysis).toList();
    TaskMetric metric = results.get(0).primary();
    Cases cases = new Cases(analyses.get(0));
    for (int i = 0; i < results.get(0).outcomes().size(); i++) {
      Outcome item = results.get(0).outcomes().get(i);
      List<Answer> answers = new ArrayList<>();
      for (int c = 0; c < results.size(); c++) {
        Outcome outcome = results.get(c).outcomes().get(i);
        EvaluationReport report = content.reports().get(c);
        boolean failed = analyses.get(c).hasFailed(outcome.id());
        answers.add(new Answer(report.candidate(), outcome, metric.of(outcome), failed));
      }
      cases.add(new Case(item, answers));
    }
    Comparator<Case> worst = Comparator.comparingDouble(item -> worst(metric, item));
    Multimaps.asMap(cases.cases)
        .values()
        .forEach(list -> list.sort(worst.thenComparing(item -> -surest(item))));
    return cases;
  }

  private void add(Case other) {
    boolean isComparison = other.answers().size() > 1;
    boolean first = isComparison && other.answers().get(0).failed();
    boolean any = other.answers().stream().skip(isComparison ? 1 : 0).anyMatch(Answer::failed);
    if (any || first) {
      Kind kind = !first ? Kind.FAILED : any ? Kind.STILL_FAILED : Kind.GAINED;
      cases.put(kind, other);
    }
  }

  /** The worst metric of the failed candidates, such that a smaller number is worse. */
  private static double worst(TaskMetric metric, Case other) {
    return other.answers().stream()
        .filter(Answer::failed)
        .mapToDouble(answer -> metric.largerIsBetter() ? answer.metric() : -answer.metric())
        .min()
        .orElse(0);
  }

  private static double surest(Case other) {
    return other.answers().stream()
        .filter(Answer::failed)
        .mapToDouble(answer -> answer.outcome().confidence().orElse(0))
        .max()
        .orElse(0);
  }

  List<Case> of(Kind kind) {
    return cases.get(kind);
  }

  /** Returns the question of a case's prompt. */
  String question(Case other) {
    return first.question(other.item());
  }

  static String heading(Kind kind, Content content) {
    return switch (kind) {
      case FAILED -> content.isComparison() ? "failed, not by the baseline" : "failed";
      case STILL_FAILED -> "failed by the baseline too";
      case GAINED -> "failed by the baseline only";
    };
  }
}
