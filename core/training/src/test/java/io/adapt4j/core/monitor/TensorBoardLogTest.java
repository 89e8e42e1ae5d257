package io.adapt4j.core.monitor;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.monitor.EventFiles.Event;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.ResourceUse;
import io.adapt4j.core.train.ResumeEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TensorBoard's files, read back by a reader written apart from the writer. */
class TensorBoardLogTest {

  private static final Instant NOW = Instant.ofEpochMilli(1_700_000_000_250L);

  @TempDir Path folder;

  private final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);

  @Test
  void checksumsAreThoseOfKnownVectors() {
    // RFC 3720, B.4, and the usual check value.
    assertThat(EventFiles.crc32c("123456789".getBytes(US_ASCII))).isEqualTo(0xE3069283);
    assertThat(EventFiles.crc32c(new byte[32])).isEqualTo(0x8A9136AA);
    assertThat(RecordFile.maskedChecksum("123456789".getBytes(US_ASCII), 0, 9))
        .isEqualTo(Integer.rotateRight(0xE3069283, 15) + 0xa282ead8);
    assertThat(RecordFile.maskedChecksum(new byte[32], 0, 32))
        .isEqualTo(Integer.rotateRight(0x8A9136AA, 15) + 0xa282ead8);
  }

  @Test
  void aFileBeginsWithItsVersionAndHowTheRunIsSetUp() throws IOException {
    try (TensorBoardLog log = TensorBoardLog.in(folder.resolve("logs"), clock)) {
      log.started(MadeUpRun.start(100, "a|b"));
    }
    List<Event> events = EventFiles.read(files(folder.resolve("logs")).get(0));
    assertThat(events).hasSize(2);
    assertThat(events.get(0).version()).isEqualTo("brain.Event:2");
    assertThat(events.get(0).wallTime()).isEqualTo(1_700_000_000.25);
    assertThat(events.get(1).texts().get("run"))
        .contains("| model | a\\|b |\n")
        .contains("| seed | 42 |\n")
        .contains("| trained | 4,884,480 of 134,515,008 parameters (3.63 %) |\n");
  }

  @Test
  void aStepHasAScalarForEachFigure() throws IOException {
    ResourceUse use =
        new ResourceUse(
            OptionalLong.of(64L << 20), OptionalLong.of(1536L << 20), OptionalDouble.of(0.75));
    try (TensorBoardLog log = TensorBoardLog.in(folder, clock)) {
      log.started(MadeUpRun.start(100));
      log.step(MadeUpRun.step(300, 2.0, 1.5, 2e-4, use));
    }
    Event step = EventFiles.read(files(folder).get(0)).get(2);
    assertThat(step.step()).isEqualTo(300);
    assertThat(step.scalars())
        .containsExactly(
            Map.entry("train/loss", 2f),
            Map.entry("train/perplexity", (float) Math.exp(2)),
            Map.entry("train/learning_rate", 2e-4f),
            Map.entry("train/gradient_norm", 1.5f),
            Map.entry("train/epoch", (float) (300 / 333.0)),
            Map.entry("speed/tokens_per_second", 1234.5f),
            Map.entry("speed/target_tokens_per_second", 824f),
            Map.entry("system/heap_mib", 64f),
            Map.entry("system/resident_mib", 1536f),
            Map.entry("system/processor_share", 0.75f));
  }

  @Test
  void whatIsNotKnownIsLeftOut() throws IOException {
    try (TensorBoardLog log = TensorBoardLog.in(folder, clock)) {
      log.started(MadeUpRun.start(100));
      log.step(MadeUpRun.step(1, 2.0, 1.5, 2e-4, ResourceUse.UNKNOWN));
    }
    assertThat(EventFiles.read(files(folder).get(0)).get(2).scalars().keySet())
        .noneMatch(tag -> tag.startsWith("system/"));
  }

  @Test
  void anEvaluationHasItsMetricsAndAWarningItsWords() throws IOException {
    try (TensorBoardLog log = TensorBoardLog.in(folder, clock)) {
      log.started(MadeUpRun.start(100));
      log.evaluated(new EvaluationEvent(50, 1, Math.E, true, Map.of("accuracy", 0.5)));
      log.evaluated(EvaluationEvent.of(60, Double.NaN, false));
      log.warned(MadeUpRun.WARNING);
    }
    List<Event> events = EventFiles.read(files(folder).get(0));
    assertThat(events.get(2).scalars())
        .containsExactly(
            Map.entry("eval/loss", 1f),
            Map.entry("eval/perplexity", (float) Math.E),
            Map.entry("eval/accuracy", 0.5f));
    assertThat(events.get(3).scalars().get("eval/loss")).isNaN();
    assertThat(events.get(4).step()).isEqualTo(40);
    assertThat(events.get(4).texts())
        .containsExactly(Map.entry("warnings", "Validation gets worse. Train for less time."));
  }

  @Test
  void aResumedRunBeginsALaterFileThatVoidsTheStepsItRepeats() throws IOException {
    TensorBoardLog first = TensorBoardLog.in(folder, clock);
    first.started(MadeUpRun.start(100));
    first.step(MadeUpRun.step(1, 2, 1, 1, ResourceUse.UNKNOWN));
    first.close();
    TensorBoardLog second = TensorBoardLog.in(folder, clock);
    second.started(MadeUpRun.start(100));
    second.resumed(new ResumeEvent(70, folder, List.of()));
    second.step(MadeUpRun.step(71, 2, 1, 1, ResourceUse.UNKNOWN));
    second.ended(MadeUpRun.end(71));

    List<Path> files = files(folder);
    assertThat(files).hasSize(2);
    assertThat(files.get(0).getFileName().toString())
        .startsWith("events.out.tfevents.1700000000.250.0.");
    assertThat(EventFiles.read(files.get(0))).hasSize(3);
    List<Event> events = EventFiles.read(files.get(1));
    assertThat(events.get(0).version()).isEqualTo("brain.Event:2");
    assertThat(events.get(2).sessionStatus()).isEqualTo(1);
    assertThat(events.get(2).step()).isEqualTo(71);
    assertThat(events.get(3).step()).isEqualTo(71);
  }

  @Test
  void everyEventIsInTheFileAtOnce() throws IOException {
    try (TensorBoardLog log = TensorBoardLog.in(folder, clock)) {
      MadeUpRun.replay(log, 100);
      assertThat(EventFiles.read(files(folder).get(0))).hasSize(2 + 1 + 99 + 10);
    }
  }

  @Test
  void aFolderThatCannotBeMadeIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "weights");
    assertThatThrownBy(() -> TensorBoardLog.in(file).started(MadeUpRun.start(1)))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(file.toString());
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }
}
