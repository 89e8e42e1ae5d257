package io.adapt4j.verification.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.benchmarks.harness.JavaCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The parts of {@link Soak} and {@link RandomClients} that fit into a build. */
class SoakTest {

  private static final int SECONDS = Integer.getInteger("adapt4j.soak.seconds", 24);

  @TempDir private Path folder;

  @Test
  void everythingAtOnceGivesTheSameResultsAndDoesNotGrow() throws Exception {
    assertThat(run(Soak.class, SECONDS))
        .contains(" evaluations in ")
        .doesNotContain(" 0 trainings", " 0 ingestions", " 0 evaluations");
  }

  @Test
  void randomClientsGetTheirAnswersWhateverOthersDo() throws Exception {
    assertThat(run(RandomClients.class, SECONDS / 4))
        .contains("adapters swapped", "requests broken off", "streams left", "streams read slowly");
  }

  /** In its own process, whose heap is all there from the beginning. */
  private String run(Class<?> program, int seconds) throws Exception {
    Path log = folder.resolve("log");
    ProcessBuilder command =
        JavaCommand.of(
                program,
                List.of(
                    "-Xms512m",
                    "-Xmx512m",
                    "-XX:+AlwaysPreTouch",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1"),
                List.of(String.valueOf(seconds)))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    // Everything at once includes the threads of libtorch.
    command.environment().remove("OMP_NUM_THREADS");
    Process process = command.start();
    try {
      assertThat(process.waitFor(seconds + 300, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String printed = Files.readString(log);
    assertThat(process.exitValue()).as(printed).isZero();
    return printed;
  }
}
