package io.adapt4j.verification.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.benchmarks.harness.JavaCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The part of {@link Soak} that fits into a build. */
class SoakTest {

  private static final int SECONDS = Integer.getInteger("adapt4j.soak.seconds", 24);

  /** In its own process, whose heap is all there from the beginning. */
  @Test
  void everythingAtOnceGivesTheSameResultsAndDoesNotGrow(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("log");
    ProcessBuilder command =
        JavaCommand.of(
                Soak.class,
                List.of(
                    "-Xms512m",
                    "-Xmx512m",
                    "-XX:+AlwaysPreTouch",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1"),
                List.of(String.valueOf(SECONDS)))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    // Everything at once includes the threads of libtorch.
    command.environment().remove("OMP_NUM_THREADS");
    Process process = command.start();
    try {
      assertThat(process.waitFor(SECONDS + 300, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String printed = Files.readString(log);
    assertThat(process.exitValue()).as(printed).isZero();
    assertThat(printed)
        .contains(" evaluations in ")
        .doesNotContain(" 0 trainings", " 0 ingestions", " 0 evaluations");
  }
}
