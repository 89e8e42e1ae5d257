package io.adapt4j.eval.report;

import io.adapt4j.core.internal.LineChart;
import io.adapt4j.core.internal.LineChart.Point;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.internal.ClassMetrics;
import io.adapt4j.eval.metric.CalibrationReport;
import io.adapt4j.eval.metric.Metric;
import io.adapt4j.eval.metric.Metrics;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** Charts of an evaluation page: scores, calibration, history. */
record HtmlCharts(Content content) {

  private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("MM-dd", Locale.ROOT);
  private static final List<String> STYLES = List.of("a", "b", "c", "d", "e", "f");
  private static final int BINS = 10;
  private static final int LEAST_ANSWERS = 10;
  private static final int MOST_TICKS = 6;

  /** Formats the charts; empty if there are none. */
  static String of(Content content) {
    HtmlCharts charts = new HtmlCharts(content);
    String scores = content.isComparison() ? charts.byTask() : charts.ofAllTasks();
    return section("", scores)
        + section("<h2>Calibration</h2>", charts.calibrations())
        + section("<h2>History</h2>", charts.histories());
  }

  private static String section(String heading, String charts) {
    return charts.isEmpty()
        ? ""
        : heading + "<section class=\"charts\">\n" + charts + "</section>\n";
  }

  private static String style(int candidate) {
    return STYLES.get(candidate % STYLES.size());
  }

  private String byTask() {
    StringBuilder out = new StringBuilder();
    for (String task : content.tasks()) {
      List<TaskResult> results = content.results(task);
      BarChart chart = new BarChart(title(results.get(0)));
      for (int i = 0; i < results.size(); i++) {
        chart.bar(content.reports().get(i).candidate(), style(i), results.get(i).score());
      }
      out.append(chart.html());
    }
    return out.toString();
  }

  private static String title(TaskResult result) {
    return result.task() + ", " + result.primary().name() + " " + Texts.arrow(result.primary());
  }

  /** Metrics that are shares have a common chart; others have one each. */
  private String ofAllTasks() {
    BarChart shares = new BarChart("Scores from 0 to 1");
    StringBuilder others = new StringBuilder();
    for (TaskResult result : content.first().results()) {
      ConfidenceInterval score = result.score();
      boolean isShare = result.primary().kind() instanceof TaskMetric.Mean;
      if (isShare && score.low() >= 0 && score.high() <= 1) {
        shares.bar(title(result), style(0), score);
      } else {
        others.append(new BarChart(title(result)).bar("", style(0), score).html());
      }
    }
    return shares.html() + others;
  }

  private String calibrations() {
    StringBuilder out = new StringBuilder();
    for (String task : content.tasks()) {
      List<TaskResult> results = content.results(task);
      LineChart chart = new LineChart(task + ": right answers by confidence").shares();
      for (int i = 0; i < results.size(); i++) {
        Optional<CalibrationReport> known = calibration(results.get(i));
        String name = content.reports().get(i).candidate();
        String style = style(i);
        known.ifPresent(
            calibrationReport ->
                chart.line(
                    Texts.format(
                        "%s, calibration error %.3f", name, calibrationReport.expectedError()),
                    style,
                    points(calibrationReport)));
      }
      out.append(chart.html());
    }
    return out.toString();
  }

  private static Optional<CalibrationReport> calibration(TaskResult result) {
    Metric<Double, Boolean, CalibrationReport> calibration = Metrics.calibration(BINS);
    for (Outcome outcome : result.outcomes()) {
      OptionalDouble right = right(result, outcome);
      if (outcome.confidence().isEmpty() || right.isEmpty()) {
        return Optional.empty();
      }
      calibration.add(Math.min(1, outcome.confidence().getAsDouble()), right.getAsDouble() == 1);
    }
    return result.outcomes().isEmpty() ? Optional.empty() : Optional.of(calibration.result());
  }

  /** Confidence is that of the most likely choice, whichever metric is primary. */
  private static OptionalDouble right(TaskResult result, Outcome outcome) {
    Double chosen = outcome.metrics().get(ClassMetrics.ACC);
    double value = chosen == null ? result.primary().of(outcome) : chosen;
    return value == 0 || value == 1 ? OptionalDouble.of(value) : OptionalDouble.empty();
  }

  /** Merges neighboring bins until each point has enough answers to be meaningful. */
  private static List<Point> points(CalibrationReport calibration) {
    long all = calibration.bins().stream().mapToLong(CalibrationReport.Bin::count).sum();
    long least = Math.max(LEAST_ANSWERS, all / (2 * BINS));
    List<Point> points = new ArrayList<>();
    long count = 0;
    long right = 0;
    double confidence = 0;
    long left = all;
    for (CalibrationReport.Bin bin : calibration.bins()) {
      if (bin.count() > 0) {
        count += bin.count();
        left -= bin.count();
        right += Math.round(bin.accuracy() * bin.count());
        confidence += bin.confidence() * bin.count();
      }
      if (count > 0 && (left == 0 || (count >= least && left >= least))) {
        points.add(point(confidence / count, ConfidenceInterval.wilson(right, count)));
        count = 0;
        right = 0;
        confidence = 0;
      }
    }
    return points;
  }

  private static Point point(double x, ConfidenceInterval y) {
    return new Point(x, y.value(), y.low(), y.high());
  }

  private String histories() {
    if (content.history().isEmpty()) {
      return "";
    }
    List<Instant> times = new ArrayList<>();
    content.history().forEach(storedReport -> times.add(storedReport.written()));
    times.add(content.written());
    StringBuilder out = new StringBuilder();
    for (TaskResult result : content.first().results()) {
      LineChart chart = new LineChart(title(result)).errorBars();
      int every = (times.size() - 1) / MOST_TICKS + 1;
      for (int i = 0; i < times.size(); i += every) {
        chart.tick(i + 1.0, DAY.format(times.get(i).atOffset(ZoneOffset.UTC)));
      }
      for (int i = 0; i < content.reports().size(); i++) {
        EvaluationReport report = content.reports().get(i);
        chart.line(report.candidate(), style(i), history(report, result));
      }
      out.append(chart.html());
    }
    return out.toString();
  }

  private List<Point> history(EvaluationReport report, TaskResult result) {
    String metric = result.primary().name();
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < content.history().size(); i++) {
      double at = i + 1.0;
      content
          .history()
          .get(i)
          .score(report.candidate(), result.task(), metric)
          .ifPresent(score -> points.add(point(at, score)));
    }
    points.add(point(content.history().size() + 1.0, report.result(result.task()).score()));
    return points;
  }
}
