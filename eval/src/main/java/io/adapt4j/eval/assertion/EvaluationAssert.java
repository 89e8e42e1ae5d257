package io.adapt4j.eval.assertion;

import io.adapt4j.eval.EvaluationReport;
import java.time.Duration;
import java.util.List;

/** Checks how one candidate did. Each check returns this, so that checks follow one another. */
public final class EvaluationAssert {

  private final EvaluationReport report;

  EvaluationAssert(EvaluationReport report) {
    this.report = report;
  }

  /**
   * Checks the metric of a task that counts.
   *
   * @param task the task's name
   * @return what to require of it
   * @throws IllegalArgumentException if there is no such task
   */
  public ScoreAssert<EvaluationAssert> scores(String task) {
    return scores(task, report.result(task).primary().name());
  }

  /**
   * Checks a metric of a task.
   *
   * @param task the task's name
   * @param metric the metric's name
   * @return what to require of it
   * @throws IllegalArgumentException if there is no such task or metric
   */
  public ScoreAssert<EvaluationAssert> scores(String task, String metric) {
    return new ScoreAssert<>(this, List.of(report), task, metric);
  }

  /**
   * Requires that the candidate took less time for its replies.
   *
   * @param time what it must stay below
   * @return this
   * @throws AssertionError if it took so long or longer
   */
  public EvaluationAssert costsLessThan(Duration time) {
    Costs.requireLess(report, time);
    return this;
  }

  /**
   * Requires that the candidate read and wrote fewer tokens.
   *
   * @param tokens what the sum must stay below
   * @return this
   * @throws AssertionError if it is so large or larger
   */
  public EvaluationAssert costsLessThanTokens(long tokens) {
    Costs.requireFewer(report, tokens);
    return this;
  }
}
