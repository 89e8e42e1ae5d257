package io.adapt4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs in processes of their own: watched, paused, killed, resumed, queued. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "a process cannot be asked to end there")
class RunTest {

  private static final Path MODEL =
      Path.of("../examples/models/stories260K").toAbsolutePath().normalize();

  @TempDir private Path folder;
  private Studio studio;
  private Browser browser;

  @BeforeEach
  void start() throws Exception {
    studio =
        Studio.builder()
            .workspace(folder.resolve("ws"))
            .models(MODEL)
            .trainer(TestTrainer.command())
            .start();
    browser = Browser.of(studio);
  }

  @AfterEach
  void close() throws Exception {
    for (String page : browser.get("runs").body().split("href=\"/", -1)) {
      if (page.startsWith("runs/")) {
        browser.post(page.split("\"", 2)[0] + "/kill");
      }
    }
    studio.close();
  }

  private String plan(int steps) throws Exception {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      rows.append("{\"text\": \"Once there were ").append(i * 7919).append(" cats.\"}\n");
    }
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, rows.toString());
    String data = browser.post("", "path", file.toString()).uri().getPath().substring(1);
    browser.wait(data, text -> text.contains("<b>texts</b>"));
    String page =
        browser.post("plans", "source", data.split("/", -1)[1]).uri().getPath().substring(1);
    String yaml =
        """
        model: %s
        data: {path: %s, split: {train: 0.9, validation: 0.1, seed: 42}}
        method: full
        epochs: 1000
        maxSteps: %d
        batchSize: 2
        saveEvery: 5
        evaluateEvery: 20
        """
            .formatted(MODEL, file, steps);
    browser.post(page + "/save", "edited", "yaml", "yaml", yaml);
    return page;
  }

  private String run(String plan) throws Exception {
    return browser.post(plan + "/run").uri().getPath().substring(1);
  }

  private String state(String run, String state) throws Exception {
    return browser.wait(run, text -> text.contains("data-state>" + state + "</span>"));
  }

  private int step(String run) throws Exception {
    String now = browser.wait(run + "/now", text -> text.contains("<span>Step</span>"));
    return Integer.parseInt(
        now.split("<span>Step</span>", 2)[0]
            .replaceAll("(?s).*<b>([\\d,]+) /.*", "$1")
            .replace(",", ""));
  }

  @Test
  void aRunIsWatchedToItsEnd() throws Exception {
    String run = run(plan(12));
    assertThat(state(run, "done"))
        .contains("<b>12 / 12</b>", "Validation loss", "<svg")
        .doesNotContain("data-live=\"/runs/");
    assertThat(browser.get("runs").body()).contains("badge good\">done");
  }

  @Test
  void aRunIsPausedResumedKilledAndResumedOverARestart() throws Exception {
    String run = run(plan(3000));
    state(run, "running");
    assertThat(step(run)).isPositive();
    browser.post(run + "/pause");
    String paused = state(run, "paused");
    int at = step(run);
    assertThat(paused).contains("Resume");

    browser.post(run + "/resume");
    state(run, "running");
    browser.wait(run + "/now", text -> text.contains("<span>Left</span>"));
    assertThat(step(run)).isGreaterThanOrEqualTo(at);

    // The process outlives the studio.
    studio.close();
    start();
    state(run, "running");
    browser.post(run + "/kill");
    state(run, "interrupted");
    browser.post(run + "/resume");
    state(run, "running");
    browser.wait(run + "/now", text -> text.contains("<span>Left</span>"));
    browser.post(run + "/stop");
    assertThat(state(run, "stopped")).contains("<polyline");
    assertThat(browser.post(run + "/stop").statusCode()).isEqualTo(409);
    browser.post(run + "/delete");
    assertThat(browser.get(run).statusCode()).isEqualTo(404);
  }

  @Test
  void runsWaitForThoseBeforeThem() throws Exception {
    String plan = plan(3000);
    String first = run(plan);
    state(first, "running");
    String second = run(plan);
    state(second, "queued");
    browser.post(first + "/kill");
    state(second, "running");
    browser.post(second + "/kill");
  }

  @Test
  void damagedFilesStopNoOtherRun() throws Exception {
    for (String content : List.of("{", "{\"added\": \"yesterday\"}")) {
      Path broken = folder.resolve("ws/runs/broken-" + content.length());
      Files.createDirectories(broken);
      Files.writeString(broken.resolve("run.json"), content);
      assertThat(browser.get("runs/" + broken.getFileName()).statusCode()).isEqualTo(422);
    }
    String run = run(plan(5));
    state(run, "done");
    assertThat(browser.get("runs").body()).contains(run).doesNotContain("broken");
  }

  @Test
  void aRunThatFailsSaysWhy() throws Exception {
    String run = run(plan(5));
    Files.delete(folder.resolve("rows.jsonl"));
    assertThat(state(run, "failed")).contains("rows.jsonl: no such file", "Resume");
  }

  @Test
  void theTimeIsMeasuredByAnotherProcess() throws Exception {
    String plan = plan(50);
    browser.wait(plan, text -> text.contains("Measure the time"));
    browser.post(plan + "/time");
    assertThat(browser.wait(plan, text -> text.contains("<span>Time</span>")))
        .doesNotContain("Measure the time");
  }
}
