package io.adapt4j.rag.index;

import static io.adapt4j.rag.index.Samples.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Damaged and incomplete folders are refused, and left as they are. */
class LuceneVerificationTest {

  private static final int FLIPS_A_FILE = 6;

  @TempDir private Path folder;

  private LuceneIndex.Builder builder() {
    return LuceneIndex.builder(folder).embeddings("m", 4);
  }

  /** A merged part in files of its own, small ones in compound files, and deletions. */
  private void fill() {
    Random random = new Random(7);
    try (LuceneIndex index = builder().open()) {
      for (int i = 0; i < 60; i++) {
        index.putAll(List.of(entry("d" + i, "word" + i % 7 + " common", vector(random))));
      }
      index.compact();
      for (int i = 60; i < 64; i++) {
        index.putAll(List.of(entry("d" + i, "word" + i + " common", vector(random))));
      }
      index.delete(List.of("d3"));
    }
  }

  private static float[] vector(Random random) {
    return new float[] {1 + random.nextFloat(), random.nextFloat(), random.nextFloat(), 1};
  }

  private Map<String, Integer> contents() throws IOException {
    Map<String, Integer> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (!file.getFileName().toString().equals("write.lock")) {
          contents.put(file.getFileName().toString(), Arrays.hashCode(Files.readAllBytes(file)));
        }
      }
    }
    return contents;
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
  void everyFlippedBitOfEveryFileIsFound(Verification verification) throws IOException {
    fill();
    assertThat(contents().keySet())
        .anyMatch(name -> name.endsWith(".cfs"))
        .anyMatch(name -> name.endsWith(".vec"))
        .anyMatch(name -> name.endsWith(".liv"));
    Random random = new Random(11);
    for (String name : contents().keySet()) {
      Path file = folder.resolve(name);
      byte[] whole = Files.readAllBytes(file);
      for (int i = 0; i < FLIPS_A_FILE; i++) {
        byte[] flipped = whole.clone();
        int at = i == 0 ? 0 : i == 1 ? whole.length - 1 : random.nextInt(whole.length);
        flipped[at] ^= (byte) (1 << random.nextInt(8));
        Files.write(file, flipped);
        Map<String, Integer> before = contents();
        String where = name + " at " + at;
        assertThatThrownBy(() -> builder().verification(verification).open().close())
            .as(where)
            .isInstanceOfAny(UncheckedIOException.class, IllegalStateException.class)
            .hasMessageContaining(folder.toString());
        assertThatThrownBy(() -> builder().verification(verification).openForReading().close())
            .as(where)
            .isInstanceOfAny(UncheckedIOException.class, IllegalStateException.class)
            .hasMessageContaining(folder.toString());
        assertThat(contents()).as(where).isEqualTo(before);
      }
      Files.write(file, whole);
    }
    try (LuceneIndex index = builder().verification(verification).open()) {
      assertThat(index.documentCount()).isEqualTo(63);
    }
  }

  @Test
  void aCopyWithoutTheCommitIsRefusedAndNothingIsDeleted() throws IOException {
    fill();
    String commit =
        contents().keySet().stream().filter(name -> name.startsWith("segments_")).findAny().get();
    Path aside = Files.createTempFile("segments", "");
    Files.move(folder.resolve(commit), aside, StandardCopyOption.REPLACE_EXISTING);
    Map<String, Integer> before = contents();
    for (Verification verification : Verification.values()) {
      assertThatIllegalStateException()
          .isThrownBy(() -> builder().verification(verification).open())
          .withMessageContaining(folder.toString())
          .withMessageContaining("not the file segments_N");
      assertThatIllegalStateException()
          .isThrownBy(() -> builder().verification(verification).openForReading())
          .withMessageContaining("not the file segments_N");
    }
    assertThat(contents()).isEqualTo(before);
    Files.move(aside, folder.resolve(commit));
    try (LuceneIndex index = builder().open()) {
      assertThat(index.documentCount()).isEqualTo(63);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCopyWithoutAnyOneFileIsRefusedAndNothingIsDeleted(Verification verification)
      throws IOException {
    fill();
    for (String name : contents().keySet()) {
      byte[] whole = Files.readAllBytes(folder.resolve(name));
      Files.delete(folder.resolve(name));
      Map<String, Integer> before = contents();
      assertThatThrownBy(() -> builder().verification(verification).open())
          .as(name)
          .isInstanceOfAny(UncheckedIOException.class, IllegalStateException.class)
          .hasMessageContaining(folder.toString());
      assertThat(contents()).as(name).isEqualTo(before);
      Files.write(folder.resolve(name), whole);
    }
  }
}
