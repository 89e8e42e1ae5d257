package io.adapt4j.studio.internal.screen;

import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import io.adapt4j.studio.internal.page.Charts;
import io.adapt4j.studio.internal.page.Charts.Axis;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Figures of exams in the reader's words: scores, differences, and what they show. */
final class ExamFigures {

  /** Significance level of the words better and worse. */
  private static final double LEVEL = 0.05;

  /** Metrics that are shares of a full score. */
  private static final Set<String> SHARES =
      Set.of(
          "acc",
          "acc_norm",
          "acc_bytes",
          "macro_f1",
          "f1",
          "exact_match",
          "cut",
          "rouge1",
          "rouge2",
          "rougeL",
          "rougeLsum",
          "ece",
          "found",
          "exact");

  private ExamFigures() {}

  private static boolean isShare(TaskMetric metric) {
    return SHARES.contains(metric.name());
  }

  static String name(Look look, String metric) {
    String key = "metric_" + metric;
    return look.messages().containsKey(key) ? look.message(key) : metric;
  }

  static String value(Look look, TaskMetric metric, double value) {
    Formats formats = look.formats();
    return isShare(metric) && Double.isFinite(value) ? formats.share(value) : formats.figure(value);
  }

  /** Says the value of an item; of a text, with what it is. */
  static String named(Look look, TaskMetric metric, double value) {
    String text = value(look, metric, value);
    return metric.kind() instanceof TaskMetric.Mean ? text : text + " " + name(look, metric.name());
  }

  /** Says a value with its interval. */
  static String range(Look look, TaskMetric metric, ConfidenceInterval of) {
    return look.message(
        "exam_range", value(look, metric, of.low()), value(look, metric, of.high()));
  }

  private static String signed(Look look, TaskMetric metric, double value) {
    Formats formats = look.formats();
    String text =
        isShare(metric)
            ? formats.decimal(100 * Math.abs(value), 1)
            : formats.figure(Math.abs(value));
    return (value < 0 ? "−" : value > 0 ? "+" : "±") + text;
  }

  /** Says a difference of two values with its interval, and what it shows. */
  static void add(Map<String, Object> row, Look look, TaskComparison comparison) {
    TaskMetric metric = comparison.metric();
    ConfidenceInterval difference = comparison.difference();
    String unit = isShare(metric) ? "exam_points" : "exam_plain";
    row.put("difference", look.message(unit, signed(look, metric, difference.value())));
    row.put(
        "difference_range",
        look.message(
            "exam_range",
            signed(look, metric, difference.low()),
            signed(look, metric, difference.high())));
    boolean better = comparison.isBetter(LEVEL);
    boolean worse = comparison.isWorse(LEVEL);
    row.put(
        "verdict",
        look.message(better ? "exam_better" : worse ? "exam_worse" : "exam_no_difference"));
    row.put("badge", better ? "good" : worse ? "bad" : "");
    row.put("p", p(look, comparison.pValue()));
    row.put(
        "counts",
        look.message(
            "exam_counts",
            look.formats().count(comparison.wins()),
            look.formats().count(comparison.ties()),
            look.formats().count(comparison.losses())));
  }

  private static String p(Look look, double value) {
    return value < 0.001
        ? "p < " + look.formats().decimal(0.001, 3)
        : "p = " + look.formats().decimal(value, 3);
  }

  /** Draws differences on one axis with a line at zero. */
  static void drawDifferences(
      List<? extends Map<String, Object>> rows, List<ConfidenceInterval> differences) {
    Axis axis = axis(differences, List.of(0.0));
    for (int i = 0; i < rows.size(); i++) {
      ConfidenceInterval each = differences.get(i);
      rows.get(i)
          .put(
              "difference_chart",
              Charts.interval(axis, each.low(), each.value(), each.high(), 0, "b"));
    }
  }

  static Axis axis(List<ConfidenceInterval> intervals, List<Double> more) {
    return Axis.of(
        Stream.concat(
                more.stream(),
                intervals.stream()
                    .flatMap(each -> Stream.of(each.low(), each.value(), each.high())))
            .toList());
  }
}
