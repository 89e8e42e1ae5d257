package io.adapt4j.eval.assertion;

import io.adapt4j.eval.EvaluationReport;
import java.time.Duration;

/** Checks what evaluations took. */
final class Costs {

  private Costs() {}

  static void requireLess(EvaluationReport report, Duration time) {
    Duration took = report.cost().candidate();
    if (took.compareTo(time) >= 0) {
      throw new AssertionError(
          Messages.candidate(report)
              + ": expected replies in less than "
              + Messages.seconds(time)
              + ", took "
              + Messages.seconds(took)
              + " for "
              + report.cost().asked()
              + " requests");
    }
  }

  static void requireFewer(EvaluationReport report, long tokens) {
    long read = report.cost().promptTokens();
    long written = report.cost().newTokens();
    if (read + written >= tokens) {
      throw new AssertionError(
          Messages.candidate(report)
              + ": expected fewer than "
              + tokens
              + " tokens, found "
              + (read + written)
              + " ("
              + read
              + " read, "
              + written
              + " written)");
    }
  }
}
