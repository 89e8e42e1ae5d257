package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThatNoException;

import io.adapt4j.benchmarks.harness.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Studies that are run from their source still compile against the build. */
class StudiesTest {

  @TempDir private Path classes;

  @Test
  void studiesCompile() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("studies"))) {
      List<String> sources =
          files.map(Path::toString).filter(name -> name.endsWith(".java")).toList();
      assertThatNoException().isThrownBy(() -> JavaCommand.compile(classes, sources));
    }
  }
}
