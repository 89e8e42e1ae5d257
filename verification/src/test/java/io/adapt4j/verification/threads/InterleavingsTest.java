package io.adapt4j.verification.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.benchmarks.harness.JavaCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The part of {@link Interleavings} that fits into a build. */
class InterleavingsTest {

  /** In a process of its own, since Lincheck rewrites the classes that it looks into. */
  @Test
  void whatThreadsShareIsAsIfTheyCameOneAfterTheOther(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("log");
    Process process =
        JavaCommand.of(
                Interleavings.class,
                List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                List.of("1", "40"))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor()).as(Files.readString(log)).isZero();
  }
}
