package io.adapt4j.eval.assertion;

import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.time.Duration;
import java.util.Locale;

/** Formats messages. */
final class Messages {

  private Messages() {}

  static String candidate(EvaluationReport report) {
    return "Candidate '" + report.candidate() + "'";
  }

  /**
   * Formats a metric, such as {@code acc of task 'exam' is 0.6200 (95 % interval 0.5500 to
   * 0.6900)}.
   */
  static String metric(String metric, String task, ConfidenceInterval found) {
    return metric + " of task '" + task + "' is " + interval(found);
  }

  static String interval(ConfidenceInterval found) {
    return format(
        "%.4f (%.0f %% interval %.4f to %.4f)",
        found.value(), 100 * found.confidence(), found.low(), found.high());
  }

  static String seconds(Duration time) {
    return format("%.3f s", time.toNanos() / 1e9);
  }

  static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
