package io.adapt4j.eval.assertion;

import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.EvaluationReport;

/**
 * Checks reports in tests, with any test framework: what is not as required is an {@link
 * AssertionError} that names the candidate, the task, the metric with its interval, and what was
 * required.
 *
 * <pre>{@code
 * assertThat(comparison).retains(0.98).isNotWorse().scores("support").atLeast(0.7);
 * }</pre>
 */
public final class EvaluationAssertions {

  private EvaluationAssertions() {}

  /**
   * Checks how one candidate did.
   *
   * @param report its report
   * @return checks
   */
  public static EvaluationAssert assertThat(EvaluationReport report) {
    return new EvaluationAssert(report);
  }

  /**
   * Checks how candidates did against their baseline.
   *
   * @param report the comparison
   * @return checks of every candidate but the baseline
   */
  public static ComparisonAssert assertThat(ComparisonReport report) {
    return new ComparisonAssert(report);
  }
}
