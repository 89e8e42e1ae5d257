package io.adapt4j.eval.assertion;

import io.adapt4j.eval.EvaluationReport;
import java.time.Duration;

/** Checks the costs of evaluations. */
final class Costs {

  private Costs() {}

  static void requireLess(EvaluationReport report, Duration time) {
    Duration took = report.cost().candidate();
    if (took.compareTo(time) >= 0) {
      throw new AssertionError(
          "%s: expected replies in less than %s, took %s for %s requests"
              .formatted(
                  Messages.candidate(report),
                  Messages.seconds(time),
                  Messages.seconds(took),
                  report.cost().asked()));
    }
  }

  static void requireFewer(EvaluationReport report, long tokens) {
    long read = report.cost().promptTokens();
    long written = report.cost().newTokens();
    if (read + written >= tokens) {
      throw new AssertionError(
          "%s: expected fewer than %s tokens, found %s (%s read, %s written)"
              .formatted(Messages.candidate(report), tokens, read + written, read, written));
    }
  }
}
