package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A run that is told to end saves first. */
class InterruptionTest {

  /** What the JVM ends with after SIGTERM; after SIGINT, which a test cannot count on, 130. */
  private static final int TERMINATED = 143;

  @TempDir private Path folder;

  private Process start(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Adapt4j.class.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("output.txt").toFile())
        .start();
  }

  private long steps() throws IOException {
    Path log = folder.resolve("run/metrics.jsonl");
    return Files.exists(log)
        ? Files.readAllLines(log).stream().filter(line -> line.contains("\"step\"")).count()
        : 0;
  }

  @Test
  @Timeout(120)
  void aRunThatIsToldToEndSavesAfterItsStep() throws Exception {
    Path run = CommandsTest.write(folder, 100_000);
    Process process = start("train", run.toString());
    while (process.isAlive() && steps() < 2) {
      Thread.sleep(50);
    }
    process.destroy();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    String said = Files.readString(folder.resolve("output.txt"), StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(said).isEqualTo(TERMINATED);
    assertThat(said).contains("Stopping after the present step", "--resume");
    try (Stream<Path> states = Files.list(folder.resolve("run/states"))) {
      assertThat(states.filter(state -> state.getFileName().toString().startsWith("step-")))
          .isNotEmpty();
    }
    assertThat(folder.resolve("run/last/adapter_model.safetensors")).exists();
    assertThat(folder.resolve("run/last/provenance.json")).content().contains("\"step\"");
  }
}
