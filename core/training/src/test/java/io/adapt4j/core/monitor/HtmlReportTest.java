package io.adapt4j.core.monitor;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResourceUse;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingWarning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtmlReportTest {

  private static final String REFRESH = "http-equiv=\"refresh\"";

  @TempDir Path folder;

  private final SetClock clock = new SetClock();
  private Path file;
  private HtmlReport report;

  @BeforeEach
  void chooseAFile() {
    file = folder.resolve("run").resolve("report.html");
    report = HtmlReport.at(file, clock);
  }

  @Test
  void thePageIsThereAsSoonAsTheRunStarts() throws IOException {
    report.started(MadeUpRun.start(900));
    assertThat(page())
        .startsWith("<!doctype html>")
        .contains("SmolLM2-135M, LoRA r=16", "running", "No step is done yet", REFRESH)
        .contains("<th>seed<td>42</tr>")
        .contains("4,884,480 of 134,515,008 parameters (3.63 %)");
  }

  @Test
  void thePageHasCurvesTablesAndFiguresOfTheRun() throws IOException {
    MadeUpRun.replay(report, 900);
    report.warned(MadeUpRun.WARNING);
    report.ended(MadeUpRun.end(900));
    String page = page();
    assertThat(page)
        .contains("<b>Loss</b>", "<b>Perplexity</b>", "<b>accuracy</b>", "<b>Gradient norm</b>")
        .contains("<b>Learning rate</b>", "<b>Tokens a second</b>", "<b>Memory in GiB</b>")
        .contains("<b>Processors in use, %</b>")
        .contains("900 of 900", "epoch 3.00 of 3", "best validation loss", "skipped steps")
        .contains("Validation gets worse. <span>Train for less time.</span>")
        .contains("completed")
        .contains("runs/support/best".replace("/", folder.getFileSystem().getSeparator()))
        .doesNotContain(REFRESH, "NaN\"", "NaN,", "Infinity");
    assertThat(count(page, "<svg class=\"lin\"")).isEqualTo(3);
    assertThat(count(page, "<svg class=\"log\"")).isEqualTo(3);
    assertThat(count(page, "<tr><td>")).isEqualTo(11 + 2);
  }

  @Test
  void perplexityIsShownOfTokensOnly() throws IOException {
    RunStart start = MadeUpRun.start(10);
    report.started(
        new RunStart(
            10, 1, 1, 1, 1, 1, "policy", "fp32", start.settings(), /* tokenLoss= */ false));
    report.step(MadeUpRun.step(1, -0.06, 1, 1e-3, ResourceUse.UNKNOWN));
    report.evaluated(new EvaluationEvent(1, -0.06, Double.NaN, true, Map.of("reward", 0.5)));
    report.ended(MadeUpRun.end(1));

    assertThat(page())
        .containsIgnoringCase("best validation loss")
        .doesNotContainIgnoringCase("perplexity");
  }

  @Test
  void metricsOfStepsHaveAChartAndTheFirstATile() throws IOException {
    report.started(MadeUpRun.start(3));
    for (int step = 1; step <= 3; step++) {
      StepEvent plain = MadeUpRun.step(step, 1, 1, 1e-3, ResourceUse.UNKNOWN);
      report.step(withMetrics(plain, Map.of("reward", 0.1 * step)));
    }
    report.evaluated(new EvaluationEvent(3, 1, 2, true, Map.of("reward", 0.7)));
    report.ended(MadeUpRun.end(3));

    String chart = page().substring(page().indexOf("<b>reward</b>"));
    assertThat(chart.substring(0, chart.indexOf("</figure>")))
        .contains("training", "smoothed", "validation");
    assertThat(page()).contains("<small>training reward</small><b>0.2");
    assertThat(count(page(), "<b>reward</b>")).isEqualTo(1);
  }

  private static StepEvent withMetrics(StepEvent event, Map<String, Double> metrics) {
    return new StepEvent(
        event.step(),
        event.totalSteps(),
        event.epoch(),
        event.loss(),
        event.learningRate(),
        event.gradientNorm(),
        event.tokensPerSecond(),
        event.targetTokens(),
        event.elapsed(),
        event.remaining(),
        event.penalty(),
        event.duration(),
        event.resources(),
        metrics);
  }

  @Test
  void theTitleIsTheNameOfTheModel() throws IOException {
    report.started(
        MadeUpRun.start(5, "/data/models/SmolLM2-135M, LoRA r=16 alpha=32 on q_proj, v_proj"));

    assertThat(page())
        .contains("<title>Fine-tuning SmolLM2-135M</title>", "<h1>SmolLM2-135M</h1>")
        .contains("<td>/data/models/SmolLM2-135M, LoRA r=16 alpha=32 on q_proj, v_proj");
  }

  @Test
  void thePageNeedsNothingFromElsewhere() throws IOException {
    MadeUpRun.replay(report, 50);
    assertThat(page())
        .doesNotContain("http:", "https:", "src=", "@import", "url(")
        .contains("default-src 'none'");
    assertThat(count(page(), "href=")).isEqualTo(1);
    assertThat(page()).contains("href=\"data:,\"");
  }

  @Test
  void pointsStayWithinTheirChart() throws IOException {
    MadeUpRun.replay(report, 900);
    report.ended(MadeUpRun.end(900));
    Matcher points = Pattern.compile(" points=\"([^\"]*)\"").matcher(page());
    int all = 0;
    while (points.find()) {
      for (String point : points.group(1).strip().split(" ", -1)) {
        String[] place = point.split(",", -1);
        assertThat(Double.parseDouble(place[0])).isBetween(50.0, 466.0);
        assertThat(Double.parseDouble(place[1])).isBetween(8.0, 226.0);
        all++;
      }
    }
    assertThat(all).isGreaterThan(5_000);
  }

  @Test
  void everyTextIsEscaped() throws IOException {
    String attack = "<script>alert('x')</script>\"&";
    report.started(MadeUpRun.start(10, attack).withSettings(Map.of(attack, attack)));
    report.evaluated(new EvaluationEvent(1, 1, 2, true, Map.of(attack, 0.5)));
    report.warned(new TrainingWarning(TrainingWarning.Kind.LOSS_RISING, 1, attack, attack));
    report.ended(MadeUpRun.end(10));
    assertThat(page()).doesNotContain("<script>alert", "alert('x')");
    assertThat(count(page(), "<script>")).isEqualTo(1);
    assertThat(page()).contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;");
  }

  @Test
  void aRunOfAHundredThousandStepsMakesASmallPage() throws IOException {
    MadeUpRun.replay(report, 100_000);
    report.ended(MadeUpRun.end(100_000));
    assertThat(Files.size(file)).isLessThan(300_000);
    Matcher points = Pattern.compile("<polyline[^>]* points=\"([^\"]*)\"").matcher(page());
    while (points.find()) {
      assertThat(points.group(1).split(" ").length).isLessThanOrEqualTo(Curve.MOST_POINTS);
    }
  }

  @Test
  void tablesOfManyEvaluationsStayShort() throws IOException {
    report.started(MadeUpRun.start(5_000));
    for (int step = 1; step <= 5_000; step++) {
      report.evaluated(MadeUpRun.evaluation(step, 1 + 1.0 / step, true));
    }
    report.ended(MadeUpRun.end(5_000));
    assertThat(count(page(), "<tr><td>")).isEqualTo(ReportState.MOST_ROWS);
    assertThat(page()).contains("<tr><td>5,000<td>1.0002<td>");
  }

  @Test
  void stepsRewriteThePageEveryFiveSecondsAndEvaluationsEverySecond() throws IOException {
    report.started(MadeUpRun.start(900));
    String atStart = page();
    clock.advance(Duration.ofMillis(900));
    report.evaluated(MadeUpRun.evaluation(0, 2, false));
    assertThat(page()).isEqualTo(atStart);
    clock.advance(Duration.ofMillis(100));
    report.evaluated(MadeUpRun.evaluation(1, 2, false));
    String evaluated = page();
    assertThat(evaluated).isNotEqualTo(atStart);
    clock.advance(Duration.ofMillis(4_999));
    report.step(MadeUpRun.step(2, 2, 1, 1e-4, ResourceUse.UNKNOWN));
    assertThat(page()).isEqualTo(evaluated);
    clock.advance(Duration.ofMillis(1));
    report.step(MadeUpRun.step(3, 2, 1, 1e-4, ResourceUse.UNKNOWN));
    assertThat(page()).isNotEqualTo(evaluated).contains("3 of 900");
  }

  @Test
  void nothingButThePageIsLeftInTheFolder() throws IOException {
    MadeUpRun.replay(report, 50);
    report.ended(MadeUpRun.end(50));
    try (Stream<Path> files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void aFailedRunSaysSo() throws IOException {
    report.started(MadeUpRun.start(10));
    report.ended(
        new RunEnd(
            StopReason.FAILED, 0, OptionalInt.empty(), OptionalDouble.empty(), Duration.ZERO));
    assertThat(page()).contains("badge failed", "The run ended with an error.");
  }

  @Test
  void lossesThatAreNotFiniteAreShownAsMissing() throws IOException {
    report.started(MadeUpRun.start(10));
    report.evaluated(EvaluationEvent.of(0, Double.NaN, false));
    report.step(MadeUpRun.step(1, 2, 1, 1e-4, ResourceUse.UNKNOWN));
    report.evaluated(EvaluationEvent.of(1, 2000, false));
    report.ended(MadeUpRun.end(1));
    assertThat(page()).contains("<tr><td>0<td>\u2013<td>\u2013").doesNotContain("NaN", "Infinity");
  }

  @Test
  void aSecondRunBeginsAPageOfItsOwn() throws IOException {
    MadeUpRun.replay(report, 50);
    report.ended(MadeUpRun.end(50));
    report.started(MadeUpRun.start(900));
    assertThat(page()).contains("No step is done yet");
  }

  @Test
  void aPageThatCannotBeWrittenIsNamed() throws IOException {
    Files.writeString(folder.resolve("run"), "a file where a folder should be");
    refuses(UncheckedIOException.class, () -> report.started(MadeUpRun.start(1)), file.toString());
  }

  private String page() throws IOException {
    return Files.readString(file);
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  /** A clock that stands still. */
  private static final class SetClock extends Clock {
    private Instant now = Instant.parse("2026-01-02T03:04:05Z");

    void advance(Duration time) {
      now = now.plus(time);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
