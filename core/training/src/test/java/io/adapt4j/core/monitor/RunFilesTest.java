package io.adapt4j.core.monitor;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.train.ResumeEvent;
import io.adapt4j.core.train.RunStart;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFilesTest {

  @TempDir Path folder;

  @Test
  void nothingIsWrittenBeforeTheRunStarts() throws IOException {
    RunFiles.in(folder.resolve("out")).close();
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void aRunLeavesItsPageItsMetricsAndItsEvents() throws IOException {
    RunFiles files = RunFiles.in(folder.resolve("out"));
    MadeUpRun.replay(files, 100);
    files.warned(MadeUpRun.WARNING);
    files.ended(MadeUpRun.end(100));
    assertThat(folder.resolve("out/report.html")).content().contains("completed", "100 of 100");
    assertThat(Files.readAllLines(folder.resolve("out/metrics.jsonl")))
        .hasSize(1 + 11 + 100 + 15 + 1 + 1);
    assertThat(EventFiles.read(eventFiles().get(0))).hasSize(2 + 11 + 99 + 1);
  }

  @Test
  void aResumedRunsPageShowsTheStepsBefore() throws IOException {
    RunFiles killed = RunFiles.in(folder.resolve("out"));
    MadeUpRun.replay(killed, 100);
    killed.close();

    RunFiles resumed = RunFiles.in(folder.resolve("out"));
    resumed.started(MadeUpRun.start(100));
    resumed.resumed(new ResumeEvent(50, folder, List.of()));
    MadeUpRun.replay(resumed, 51, 100);
    resumed.ended(MadeUpRun.end(100));

    assertThat(folder.resolve("out/report.html"))
        .content()
        .contains("<tr><td>10<td>", "<tr><td>50<td>", "<tr><td>100<td>")
        .contains(">best</tr>");
    assertThat(points(folder.resolve("out/report.html"))).isEqualTo(99);
    assertThat(eventFiles()).hasSize(2);
  }

  @Test
  void aRunThatReplacesAnEarlierOneBeginsItsMetricsAndEventsAnew() throws IOException {
    Path out = folder.resolve("out");
    RunFiles earlier = RunFiles.in(out);
    MadeUpRun.replay(earlier, 100);
    earlier.ended(MadeUpRun.end(100));
    RunFiles files = RunFiles.in(out);
    files.started(
        MadeUpRun.start(10).withSettings(Map.of("output", "" + out, "earlier run", "replaced")));
    files.ended(MadeUpRun.end(10));
    assertThat(Files.readAllLines(out.resolve("metrics.jsonl"))).hasSize(2);
    assertThat(eventFiles()).hasSize(1);
  }

  @Test
  void aLogOutsideTheReplacedFolderAndOneThatIsOpenAlreadyKeepWhatIsTheirs() throws IOException {
    Path shared = folder.resolve("all.jsonl");
    Files.writeString(shared, "{\"event\":\"run_ended\"}\n");
    JsonlMetricsLog outside = JsonlMetricsLog.to(shared);
    JsonlMetricsLog inside = JsonlMetricsLog.to(folder.resolve("out/metrics.jsonl"));
    RunStart start =
        MadeUpRun.start(10)
            .withSettings(Map.of("output", "" + folder.resolve("out"), "earlier run", "replaced"));
    for (JsonlMetricsLog log : List.of(outside, inside)) {
      log.started(start);
      log.ended(MadeUpRun.end(10));
    }
    assertThat(Files.readAllLines(shared)).hasSize(3);
    assertThat(Files.readAllLines(folder.resolve("out/metrics.jsonl"))).hasSize(2);
  }

  @Test
  void whatAnotherProgramWroteIntoTheMetricsIsPassedOver() throws IOException {
    Files.writeString(
        folder.resolve("metrics.jsonl"),
        """
        []
        null
        {"event":"step"}
        {}
        not JSON
        {"event":"warning","step":1,"kind":"UNHEARD_OF"}
        """);
    RunFiles files = RunFiles.in(folder);
    files.started(MadeUpRun.start(100));
    files.resumed(new ResumeEvent(50, folder, List.of()));
    files.ended(MadeUpRun.end(100));
    assertThat(folder.resolve("report.html")).content().contains("No step is done yet");
  }

  @Test
  void damagedLinesOfTheMetricsArePassedOver() throws IOException {
    RunFiles killed = RunFiles.in(folder.resolve("out"));
    killed.started(MadeUpRun.start(100));
    MadeUpRun.replay(killed, 50);
    killed.close();
    Path metrics = folder.resolve("out/metrics.jsonl");
    String noPath = "{\"event\":\"checkpoint\",\"step\":20,\"path\":\"a\\u0000b\"}\n";
    Files.writeString(metrics, noPath, StandardOpenOption.APPEND);
    byte[] bytes = Files.readAllBytes(metrics);
    bytes[bytes.length / 2] = (byte) 0xff;
    Files.write(metrics, bytes);

    RunFiles resumed = RunFiles.in(folder.resolve("out"));
    resumed.started(MadeUpRun.start(100));
    resumed.resumed(new ResumeEvent(50, folder, List.of()));
    resumed.ended(MadeUpRun.end(100));
    assertThat(folder.resolve("out/report.html"))
        .content()
        .contains("<tr><td>10<td>", "<tr><td>50<td>");
  }

  @Test
  void metricsThatCannotBeWrittenLeaveTheOtherFiles() throws IOException {
    Files.createDirectories(folder.resolve("out/metrics.jsonl"));
    RunFiles files = RunFiles.in(folder.resolve("out"));
    refuses(UncheckedIOException.class, () -> files.started(MadeUpRun.start(100)), "metrics.jsonl");
    MadeUpRun.replay(files, 1, 100);
    files.ended(MadeUpRun.end(100));
    assertThat(folder.resolve("out/report.html")).content().contains("100 of 100");
    assertThat(eventFiles()).hasSize(1);
  }

  private List<Path> eventFiles() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("out/tensorboard"))) {
      return files.sorted().toList();
    }
  }

  /** Points of the first curve, one a step of a short run. */
  private static int points(Path page) throws IOException {
    String text = Files.readString(page);
    int line = text.indexOf("<polyline");
    int from = text.indexOf(" points=\"", line) + " points=\"".length();
    return text.substring(from, text.indexOf('"', from)).strip().split(" ").length;
  }
}
