package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The index of the examples names every program, and none that is not there. */
class ReadmeTest {

  private static final Pattern COMMAND = Pattern.compile("^\\|[^|]*\\| `(\\w+)", Pattern.MULTILINE);

  @Test
  void everyProgramHasARow() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    assertThat(COMMAND.matcher(readme).results().map(found -> found.group(1)))
        .containsExactlyInAnyOrderElementsOf(programs());
  }

  private static List<String> programs() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/main/java/io/adapt4j/examples"))) {
      return files
          .filter(Files::isRegularFile)
          .filter(ReadmeTest::isProgram)
          .map(file -> file.getFileName().toString().replace(".java", ""))
          .toList();
    }
  }

  private static boolean isProgram(Path file) {
    try {
      return Files.readString(file).contains("public static void main(");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
