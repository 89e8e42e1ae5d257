package io.adapt4j.core.monitor;

import io.adapt4j.core.internal.AxisScale;
import io.adapt4j.core.internal.Html;
import io.adapt4j.core.internal.LineChart;
import io.adapt4j.core.internal.LineChart.Point;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingWarning;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;

/** Page of a training report. */
final class ReportPage {

  private static final String SCRIPT = Html.resource(ReportPage.class, "report.js");
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

  private static final int REFRESH_SECONDS = 10;

  /**
   * Time without events after which a run may be dead: this, or the time of some steps if that is
   * longer.
   */
  private static final Duration SILENCE = Duration.ofMinutes(2);

  private static final int STEPS_OF_SILENCE = 5;

  private final ReportState state;
  private final Instant now;
  private final StringBuilder out = new StringBuilder(1 << 17);

  private ReportPage(ReportState state, Instant now) {
    this.state = state;
    this.now = now;
  }

  static String of(ReportState state, Instant now) {
    ReportPage page = new ReportPage(state, now);
    page.head();
    page.verdict();
    page.progress();
    page.tiles();
    page.warnings();
    page.charts();
    page.evaluations();
    page.checkpoints();
    page.facts();
    page.foot();
    return page.out.toString();
  }

  private boolean isRunning() {
    return state.end == null;
  }

  private void head() {
    String name = RunFacts.title(state.start);
    String refresh =
        isRunning() ? "<meta http-equiv=\"refresh\" content=\"" + REFRESH_SECONDS + "\">\n" : "";
    out.append(Html.head("Fine-tuning " + name, "script-src 'unsafe-inline'; ", refresh));
    add(
        "<body data-written=\"%d\" data-silence=\"%d\">\n<header><h1>%s</h1><span class=\"badge"
            + " %s\">%s</span></header>\n<p id=\"silent\" hidden></p>\n",
        now.toEpochMilli(),
        isRunning() ? silence().toMillis() : 0,
        name,
        badge(),
        badge().replace('-', ' '));
  }

  /** Adds markup with arguments, whose text is escaped. */
  private void add(String pattern, Object... arguments) {
    out.append(Html.format(pattern, arguments));
  }

  private Duration silence() {
    Duration steps =
        state.step == null ? Duration.ZERO : state.step.duration().multipliedBy(STEPS_OF_SILENCE);
    return steps.compareTo(SILENCE) > 0 ? steps : SILENCE;
  }

  private String badge() {
    if (isRunning()) {
      return "running";
    }
    return switch (Objects.requireNonNull(state.end).reason()) {
      case COMPLETED -> "completed";
      case EARLY_STOPPED -> "stopped-early";
      case STOP_REQUESTED -> "stopped-on-request";
      case FAILED -> "failed";
    };
  }

  private int stepsDone() {
    if (state.end != null) {
      return state.end.steps();
    }
    return state.step == null ? 0 : state.step.step();
  }

  /** Writes the most important finding: that training made the model worse. */
  private void verdict() {
    state.warnings.stream().filter(ReportPage::isOfTheWholeRun).forEach(this::verdict);
  }

  private void verdict(TrainingWarning warning) {
    add(
        "<p class=\"warning loud\" role=\"alert\"><b>%s</b> <span>%s</span></p>\n",
        warning.message(), warning.remedy());
  }

  private static boolean isOfTheWholeRun(TrainingWarning warning) {
    return warning.kind() == TrainingWarning.Kind.ENDED_WORSE;
  }

  private void progress() {
    add(
        "<progress max=\"%d\" value=\"%d\"></progress>\n",
        Math.max(1, state.start.totalSteps()), stepsDone());
  }

  private void tiles() {
    out.append("<section class=\"tiles\">");
    tile("step", format("%,d of %,d", stepsDone(), state.start.totalSteps()), epoch());
    tile("training loss", number(lastOf(state.loss.smoothed())), "smoothed");
    if (state.best != null) {
      tile(
          "best validation loss",
          number(state.best.loss()),
          Double.isNaN(state.best.perplexity())
              ? format("step %,d", state.best.step())
              : format("step %,d, perplexity %.2f", state.best.step(), state.best.perplexity()));
    } else if (state.before != null) {
      tile(
          "validation loss before",
          number(state.before.loss()),
          state.validationLoss.points().size() > 1 ? "no evaluation was better" : "");
    }
    state.stepMetrics.entrySet().stream()
        .findFirst()
        .ifPresent(
            metric ->
                tile(
                    "training " + metric.getKey(),
                    number(lastOf(metric.getValue().smoothed())),
                    "smoothed"));
    if (!state.tokensPerSecond.isEmpty()) {
      tile(
          "tokens a second",
          format("%,.0f", lastOf(state.tokensPerSecond.smoothed())),
          state.targetTokensPerSecond.isEmpty()
              ? ""
              : format("%,.0f learned from", lastOf(state.targetTokensPerSecond.smoothed())));
    }
    if (!state.resident.isEmpty()) {
      tile(
          "memory",
          format("%.2f GiB", state.resident.last()),
          state.heap.isEmpty() ? "" : format("Java heap %.2f GiB", state.heap.last()));
    }
    if (state.skipped > 0) {
      tile(
          "skipped steps",
          String.valueOf(state.skipped),
          Objects.requireNonNull(state.lastSkipped).reason());
    }
    Duration elapsed =
        state.end != null
            ? state.end.elapsed()
            : state.step == null ? Duration.ZERO : state.step.elapsed();
    tile("time", clock(elapsed), "");
    if (isRunning() && state.step != null) {
      tile("time left", state.step.timeLeft().map(ReportPage::clock).orElse("estimating"), "");
    }
    out.append("</section>\n");
  }

  private String epoch() {
    return state.step == null
        ? ""
        : format("epoch %.2f of %s", state.step.epoch(), AxisScale.label(state.start.epochs()));
  }

  private void tile(String name, String value, String more) {
    add("<div><small>%s</small><b>%s</b><small>%s</small></div>", name, value, more);
  }

  private void warnings() {
    if (state.end != null && Objects.requireNonNull(state.end).reason() == StopReason.FAILED) {
      out.append("<p class=\"warning\">The run ended with an error. The log says which.</p>\n");
    }
    for (TrainingWarning warning : state.warnings) {
      if (!isOfTheWholeRun(warning)) {
        add(
            "<p class=\"warning\"><b>Step %d</b> %s <span>%s</span></p>\n",
            warning.step(), warning.message(), warning.remedy());
      }
    }
  }

  private void charts() {
    if (state.loss.isEmpty() && state.validationLoss.isEmpty()) {
      out.append("<p>No step is done yet.</p>\n");
      return;
    }
    out.append("<input type=\"radio\" name=\"scale\" id=\"lin\" checked>")
        .append("<label for=\"lin\">linear</label>")
        .append("<input type=\"radio\" name=\"scale\" id=\"log\">")
        .append("<label for=\"log\">logarithmic</label>\n<section class=\"charts\">\n");
    for (LineChart chart : allCharts()) {
      out.append(chart.html());
    }
    out.append("</section>\n");
  }

  private List<LineChart> allCharts() {
    List<LineChart> charts = new ArrayList<>();
    charts.add(
        new LineChart("Loss")
            .bothScales()
            .detail("training", "a", state.loss.points())
            .line("smoothed", "a", state.loss.smoothed())
            .line("validation", "b", state.validationLoss.points()));
    if (state.start.tokenLoss()) {
      charts.add(
          new LineChart("Perplexity")
              .bothScales()
              .line("training, smoothed", "a", exponential(state.loss.smoothed()))
              .line("validation", "b", exponential(state.validationLoss.points())));
    }
    metricNames().forEach(name -> charts.add(metric(name)));
    charts.add(
        new LineChart("Gradient norm")
            .bothScales()
            .detail("before clipping", "c", state.gradientNorm.points())
            .line("smoothed", "c", state.gradientNorm.smoothed()));
    charts.add(
        new LineChart("Learning rate").fromZero().line("rate", "c", state.learningRate.points()));
    charts.add(
        new LineChart("Tokens a second")
            .fromZero()
            .detail("all", "a", state.tokensPerSecond.points())
            .line("all, smoothed", "a", state.tokensPerSecond.smoothed())
            .line("learned from, smoothed", "b", state.targetTokensPerSecond.smoothed()));
    charts.add(
        new LineChart("Memory in GiB")
            .fromZero()
            .line("process", "a", state.resident.points())
            .line("Java heap", "b", state.heap.points()));
    charts.add(
        new LineChart("Processors in use, %")
            .fromZero()
            .line("smoothed", "c", state.processorShare.smoothed()));
    return charts;
  }

  /** Metrics of steps and of evaluations; a reward is both. */
  private Set<String> metricNames() {
    Set<String> names = new LinkedHashSet<>(state.stepMetrics.keySet());
    names.addAll(state.metrics.keySet());
    return names;
  }

  private LineChart metric(String name) {
    LineChart chart = new LineChart(name);
    Curve training = state.stepMetrics.get(name);
    if (training != null) {
      chart.detail("training", "a", training.points()).line("smoothed", "a", training.smoothed());
    }
    Curve validation = state.metrics.get(name);
    if (validation != null) {
      chart.line("validation", "b", validation.points());
    }
    return chart;
  }

  private static List<Point> exponential(List<Point> points) {
    return points.stream()
        .map(
            point ->
                new Point(
                    point.x(), Math.exp(point.y()), Math.exp(point.low()), Math.exp(point.high())))
        .filter(point -> Double.isFinite(point.high()))
        .toList();
  }

  private void evaluations() {
    if (state.evaluations.isEmpty()) {
      return;
    }
    List<String> names = List.copyOf(state.metrics.keySet());
    boolean perplexity =
        state.evaluations.stream().anyMatch(event -> !Double.isNaN(event.perplexity()));
    out.append("<h2>Evaluations</h2><div class=\"wide\"><table><tr><th>step<th>loss")
        .append(perplexity ? "<th>perplexity" : "");
    names.forEach(name -> add("<th>%s", name));
    out.append("<th></tr>\n");
    for (EvaluationEvent event : newestFirst(state.evaluations)) {
      add("<tr><td>%,d<td>%s", event.step(), number(event.loss()));
      out.append(perplexity ? "<td>" + number(event.perplexity()) : "");
      names.forEach(name -> add("<td>%s", number(event.metrics().getOrDefault(name, Double.NaN))));
      add("<td>%s</tr>\n", isBest(event) ? "best" : "");
    }
    out.append("</table></div>\n");
  }

  private static <T> List<T> newestFirst(Collection<T> events) {
    List<T> reversed = new ArrayList<>(events);
    Collections.reverse(reversed);
    return reversed;
  }

  private boolean isBest(EvaluationEvent event) {
    return state.best != null && state.best.step() == event.step();
  }

  private void checkpoints() {
    if (state.checkpoints.isEmpty()) {
      return;
    }
    out.append("<h2>Checkpoints</h2><div class=\"wide\"><table class=\"texts\">")
        .append("<tr><th>step<th>folder<th></tr>\n");
    for (CheckpointEvent event : newestFirst(state.checkpoints.values())) {
      add(
          "<tr><td>%,d<td>%s<td>%s</tr>\n",
          event.step(), event.path().toString(), event.best() ? "best" : "");
    }
    out.append("</table></div>\n");
  }

  private void facts() {
    out.append("<h2>Run</h2><div class=\"wide\"><table class=\"texts\">\n");
    RunFacts.of(state.start).forEach((name, value) -> add("<tr><th>%s<td>%s</tr>\n", name, value));
    out.append("</table></div>\n");
  }

  private void foot() {
    out.append("<footer>Written ")
        .append(TIME.format(now.atZone(ZoneId.systemDefault())))
        .append(". Points of a long run stand for the mean of several steps, the shade behind them")
        .append(" for their span.</footer>\n<script>\n")
        .append(SCRIPT)
        .append("</script>\n</body></html>\n");
  }

  private static double lastOf(List<Point> points) {
    return points.isEmpty() ? Double.NaN : points.get(points.size() - 1).y();
  }

  private static String number(double value) {
    if (!Double.isFinite(value)) {
      return "\u2013";
    }
    return Math.abs(value) < 1e4 ? format("%.4f", value) : AxisScale.label(value);
  }

  /** Formats long times in days, hours and minutes, short ones in minutes and seconds. */
  private static String clock(Duration time) {
    if (time.toDays() > 0) {
      return format("%d d %d h", time.toDays(), time.toHoursPart());
    }
    return time.toHours() > 0
        ? format("%d h %02d min", time.toHours(), time.toMinutesPart())
        : format("%d min %02d s", time.toMinutes(), time.toSecondsPart());
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
