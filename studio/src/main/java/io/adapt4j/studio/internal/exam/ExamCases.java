package io.adapt4j.studio.internal.exam;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.failure.FailureAnalysis;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Items of a task by the answers of two candidates. An answer is wrong if its score is below half
 * of a full one; where scores have no such limit, as of texts, items are better or worse than
 * before.
 */
public final class ExamCases {

  private final TaskResult now;
  private final Optional<TaskResult> before;
  private final FailureAnalysis analysis;
  private final Optional<FailureAnalysis> analysisBefore;
  private final List<Case> all;

  /**
   * An item.
   *
   * @param change of its score, above 0 if it is better now
   */
  public record Case(
      Outcome now, Optional<Outcome> before, boolean wrongNow, boolean wrongBefore, double change) {

    /** Returns whether it was right before and is wrong now. */
    public boolean isLost() {
      return before.isPresent() && wrongNow && !wrongBefore;
    }

    /** Returns whether it was wrong before and is right now. */
    public boolean isGained() {
      return before.isPresent() && !wrongNow && wrongBefore;
    }
  }

  private ExamCases(TaskResult now, Optional<TaskResult> before) {
    this.now = now;
    this.before = before;
    this.analysisBefore = before.map(FailureAnalysis::of);
    this.analysis =
        analysisBefore
            .map(base -> FailureAnalysis.of(now, base.threshold()))
            .orElseGet(() -> FailureAnalysis.of(now));
    this.all = IntStream.range(0, now.outcomes().size()).mapToObj(this::item).toList();
  }

  /** Returns the items of a task, against the first candidate unless it is that one. */
  public static ExamCases of(ComparisonReport report, String candidate, String task) {
    TaskResult now = report.report(candidate).result(task);
    return new ExamCases(
        now,
        report.baseline().candidate().equals(candidate)
            ? Optional.empty()
            : Optional.of(report.baseline().result(task)));
  }

  private Case item(int index) {
    TaskMetric metric = now.primary();
    Outcome outcome = now.outcomes().get(index);
    Optional<Outcome> earlier = before.map(result -> result.outcomes().get(index));
    double sign = metric.largerIsBetter() ? 1 : -1;
    double change = earlier.map(each -> sign * (metric.of(outcome) - metric.of(each))).orElse(0.0);
    boolean graded = isGraded();
    return new Case(
        outcome,
        earlier,
        graded ? analysis.hasFailed(outcome.id()) : change < 0,
        graded
            ? analysisBefore.map(base -> base.hasFailed(outcome.id())).orElse(false)
            : change > 0,
        change);
  }

  /** Returns whether answers are right or wrong; texts only have a likelihood. */
  public boolean isGraded() {
    return now.primary().kind() instanceof TaskMetric.Mean;
  }

  public TaskResult now() {
    return now;
  }

  public Optional<TaskResult> before() {
    return before;
  }

  public FailureAnalysis analysis() {
    return analysis;
  }

  public Optional<FailureAnalysis> analysisBefore() {
    return analysisBefore;
  }

  /** Returns what was right before and is wrong now, the greatest loss first. */
  public List<Case> lost() {
    return sorted(all.stream().filter(Case::isLost).toList(), false);
  }

  /** Returns what was wrong before and is right now, the greatest gain first. */
  public List<Case> gained() {
    return sorted(all.stream().filter(Case::isGained).toList(), true);
  }

  /** Returns what is wrong now, the worst first. */
  public List<Case> wrong() {
    List<Case> worst = new ArrayList<>();
    for (Outcome failure : analysis.failures()) {
      all.stream().filter(each -> each.now().id().equals(failure.id())).forEach(worst::add);
    }
    return worst;
  }

  /** Returns the items of a cluster, those that are most alike first. */
  public List<Case> of(JsonNode cluster) {
    List<Case> items = new ArrayList<>();
    for (JsonNode id : cluster.path("items")) {
      all.stream().filter(each -> each.now().id().equals(id.asText())).forEach(items::add);
    }
    return items;
  }

  private static List<Case> sorted(List<Case> cases, boolean gains) {
    Comparator<Case> smallest = Comparator.comparingDouble(Case::change);
    return cases.stream().sorted(gains ? smallest.reversed() : smallest).toList();
  }
}
