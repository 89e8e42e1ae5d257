package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Source files stay short enough to be read in one go. */
class SourceLengthTest {

  private static final int MOST = 500;

  @Test
  void noFileIsLongerThanTheLimit() throws IOException {
    assertThat(longFiles()).as("files over %d lines", MOST).isEmpty();
  }

  private static Map<String, Long> longFiles() throws IOException {
    Path root = Path.of("..");
    Map<String, Long> longer = new TreeMap<>();
    for (Path module : ModuleFolders.of(root)) {
      Path sources = module.resolve("src");
      if (Files.isDirectory(sources)) {
        try (Stream<Path> files = Files.walk(sources)) {
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> lines(file) > MOST)
              .forEach(file -> longer.put(root.relativize(file).toString(), lines(file)));
        }
      }
    }
    return longer;
  }

  private static long lines(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
