package io.adapt4j.rag.index;

import static io.adapt4j.rag.index.Samples.EAST;
import static io.adapt4j.rag.index.Samples.NORTH;
import static io.adapt4j.rag.index.Samples.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A deleted document leaves the files of a compacted index. */
class ErasedDocumentsTest {

  @TempDir private Path folder;

  private long filesWith(String text) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).filter(file -> holds(file, text)).count();
    }
  }

  private static boolean holds(Path file, String text) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void compactingRemovesThePassagesOfDeletedDocumentsFromTheFiles() throws IOException {
    try (LuceneIndex index =
        LuceneIndex.builder(folder.resolve("index")).embeddings("m", 3).open()) {
      index.putAll(
          List.of(
              entry("stays", "The kettle sings.", EAST),
              entry("goes", "Quetzalcoatlus flies.", NORTH)));
      assertThat(filesWith("uetzalcoatlus")).isPositive();
      index.delete(List.of("goes"));
      index.compact();
      assertThat(filesWith("uetzalcoatlus")).isZero();
      assertThat(filesWith("kettle")).isPositive();
      assertThat(index.document("stays")).isPresent();
    }
  }
}
