package io.adapt4j.rag.embed;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.rag.WordEmbeddings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CachedEmbeddingsTest {

  private static final long RECORD = VectorFile.recordBytes(64);

  @TempDir private Path folder;
  private final WordEmbeddings words = new WordEmbeddings();

  @Test
  void aTextIsEmbeddedOnceEvenAcrossRuns() throws IOException {
    List<float[]> fresh;
    try (CachedEmbeddings cached = CachedEmbeddings.in(words, folder)) {
      fresh = cached.passages(List.of("a cat", "a dog", "a cat"));
      assertThat(words.calls).containsExactly(List.of("a cat", "a dog"));
      assertThat(fresh.get(0)).isEqualTo(fresh.get(2)).isNotSameAs(fresh.get(2));
    }
    try (CachedEmbeddings cached = CachedEmbeddings.in(words, folder)) {
      assertThat(cached.passages(List.of("a dog", "a cat", "a bird")))
          .usingRecursiveFieldByFieldElementComparator()
          .contains(fresh.get(0), fresh.get(1));
      assertThat(words.calls).last().isEqualTo(List.of("a bird"));
    }
  }

  @Test
  void questionsAndPassagesAreKeptApart() throws IOException {
    try (CachedEmbeddings cached = CachedEmbeddings.in(words, folder)) {
      cached.passages(List.of("cat"));
      cached.query("cat");
      cached.query("cat");
      assertThat(words.calls).hasSize(2);
    }
  }

  @Test
  void modelsDoNotGetEachOthersVectors() throws IOException {
    WordEmbeddings other = new WordEmbeddings("another");
    try (CachedEmbeddings first = CachedEmbeddings.in(words, folder);
        CachedEmbeddings second = CachedEmbeddings.in(other, folder)) {
      first.query("cat");
      second.query("cat");
      assertThat(other.calls).hasSize(1);
    }
  }

  @Test
  void whatACrashLeftUnfinishedIsDropped() throws IOException {
    try (CachedEmbeddings cached = CachedEmbeddings.in(words, folder)) {
      cached.passages(List.of("one", "two", "three"));
    }
    Path file = youngFile();
    byte[] whole = Files.readAllBytes(file);
    for (long cut = 2 * RECORD; cut < 3 * RECORD; cut += 17) {
      Files.write(file, Arrays.copyOf(whole, (int) cut));
      try (CachedEmbeddings cached = CachedEmbeddings.in(words, folder)) {
        assertThat(cached.size()).isEqualTo(2);
      }
      assertThat(Files.size(file)).isEqualTo(2 * RECORD);
    }
  }

  @Test
  void aDamagedVectorIsMadeAgainAndThoseAfterItAreKept() throws IOException {
    try (CachedEmbeddings cached = CachedEmbeddings.in(words, folder)) {
      cached.passages(List.of("one", "two", "three"));
    }
    Path file = youngFile();
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) RECORD + 40]++;
    Files.write(file, bytes, StandardOpenOption.TRUNCATE_EXISTING);
    try (CachedEmbeddings cached = CachedEmbeddings.in(words, folder)) {
      words.calls.clear();
      assertThat(cached.size()).isEqualTo(2);
      assertThat(cached.passages(List.of("one", "two", "three")).get(1))
          .isEqualTo(new WordEmbeddings().query("two"));
      assertThat(words.calls).containsExactly(List.of("two"));
    }
    try (CachedEmbeddings cached = CachedEmbeddings.in(words, folder)) {
      words.calls.clear();
      cached.passages(List.of("one", "two", "three"));
      assertThat(words.calls).isEmpty();
    }
  }

  @Test
  void itKeepsToItsSizeAndKeepsWhatIsUsed() throws IOException {
    long most = 20 * RECORD;
    try (CachedEmbeddings cached = CachedEmbeddings.in(words, folder, most)) {
      for (int i = 0; i < 100; i++) {
        cached.query("number " + i);
        cached.query("often");
      }
      cached.passages(IntStream.range(0, 50).mapToObj(i -> "passage " + i).toList());
      assertThat(words.calls).filteredOn(List.of("often")::equals).hasSize(1);
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.mapToLong(CachedEmbeddingsTest::size).sum()).isLessThanOrEqualTo(most);
    }
  }

  @Test
  void twoUsersOfTheSameVectorsAreRefused() throws IOException {
    try (CachedEmbeddings cached = CachedEmbeddings.in(words, folder)) {
      assertThat(cached.size()).isZero();
      refuses(IOException.class, () -> CachedEmbeddings.in(words, folder), "in use already");
    }
  }

  @Test
  void aSizeThatHoldsNothingIsRefused() {
    refuses(
        IllegalArgumentException.class, () -> CachedEmbeddings.in(words, folder, 100), "maxBytes");
  }

  private Path youngFile() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".young")).findFirst().orElseThrow();
    }
  }

  private static long size(Path file) {
    return file.toFile().length();
  }
}
