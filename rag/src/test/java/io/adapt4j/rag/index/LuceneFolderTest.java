package io.adapt4j.rag.index;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.rag.index.Samples.EAST;
import static io.adapt4j.rag.index.Samples.entry;
import static io.adapt4j.rag.index.Samples.ids;
import static io.adapt4j.rag.index.Samples.near;
import static io.adapt4j.rag.index.Samples.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.rag.spi.Hit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LuceneFolderTest {

  @TempDir private Path folder;

  private LuceneIndex.Builder builder() {
    return LuceneIndex.builder(folder).embeddings("m", 3);
  }

  private Path file(String name) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.getFileName().toString().matches(name)).findFirst().get();
    }
  }

  @Test
  void aSecondWriterIsRefusedAndAReaderIsNot() {
    try (LuceneIndex writer = builder().open()) {
      writer.putAll(List.of(entry("a", "words", EAST)));
      refuses(IllegalStateException.class, () -> builder().open(), "has it open for writing");
      try (LuceneIndex reader = builder().openForReading()) {
        assertThat(ids(reader.search(words("words")))).containsExactly("a#0");
        writer.putAll(List.of(entry("b", "words", EAST)));
        assertThat(reader.documentCount()).isEqualTo(2);
        assertThatThrownBy(() -> reader.delete(List.of("a")))
            .isInstanceOf(UnsupportedOperationException.class)
            .hasMessageContaining("was opened for reading");
      }
    }
  }

  /** Before it compares checksums, Lucene takes as much memory as a length says. */
  @Test
  void aLengthThatNoMemoryHoldsIsToldAsDamage() throws IOException {
    try (LuceneIndex writer = builder().open()) {
      writer.putAll(List.of(entry("a", "words", EAST)));
    }
    try (FileChannel channel = FileChannel.open(file("_.*\\.cfs"), StandardOpenOption.WRITE)) {
      // After the magic number stands the length of the codec's name.
      channel.write(ByteBuffer.wrap(new byte[] {-1, -1, -1, -1, 7}), 4);
    }
    refuses(UncheckedIOException.class, () -> builder().openForReading(), "is damaged", "-Xmx");
  }

  @Test
  void aFolderWithoutAnIndexIsNotReadAndOneWithOtherFilesNotWritten() throws IOException {
    refuses(IllegalStateException.class, () -> builder().openForReading(), "holds no index");
    Files.writeString(folder.resolve("notes.txt"), "mine");
    refuses(IllegalStateException.class, () -> builder().open(), "holds notes.txt but no index");
  }

  @Test
  void aPendingCommitOfAnOlderIndexAloneIsNotTakenForAnEmptyFolder() throws IOException {
    Files.write(folder.resolve("pending_segments_5"), new byte[] {1});
    refuses(IllegalStateException.class, () -> builder().open(), "pending_segments_5");
    assertThat(folder.resolve("pending_segments_5")).exists();
  }

  @Test
  void aCrashBeforeTheFirstCommitLeavesAFolderThatCanBeUsed() throws IOException {
    Files.write(folder.resolve("pending_segments_1"), new byte[] {1});
    Files.write(folder.resolve("write.lock"), new byte[0]);
    try (LuceneIndex index = builder().open()) {
      assertThat(index.documentCount()).isZero();
    }
  }

  @Test
  void filesOfOthersThatLuceneWouldDeleteForTheirNamesAreRefused() throws IOException {
    Files.writeString(folder.resolve("_config.yml"), "mine");
    refuses(IllegalStateException.class, () -> builder().open(), "holds _config.yml but no index");
    Files.delete(folder.resolve("_config.yml"));
    builder().open().close();
    Files.writeString(folder.resolve("_index.md"), "mine");
    Files.writeString(folder.resolve("README.md"), "harmless");
    refuses(IllegalStateException.class, () -> builder().open(), "holds _index.md", "move it");
    builder().openForReading().close();
    assertThat(folder.resolve("_index.md")).hasContent("mine");
    Files.delete(folder.resolve("_index.md"));
    builder().open().close();
    assertThat(folder.resolve("README.md")).exists();
  }

  @Test
  void anIndexOfAnotherLanguageOrWithoutVectorsIsRefused() {
    builder().open().close();
    assertThatIllegalStateException()
        .isThrownBy(() -> builder().language(Language.GERMAN).open())
        .withMessageContaining("'ENGLISH'")
        .withMessageContaining("'GERMAN'");
    assertThatIllegalStateException()
        .isThrownBy(() -> LuceneIndex.builder(folder).open())
        .withMessageContaining("asked for are words without vectors");
  }

  @Test
  void anIndexOfAnotherProgramOrFormatIsRefused() throws IOException {
    try (Directory directory = FSDirectory.open(folder);
        IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig())) {
      writer.commit();
    }
    refuses(IllegalStateException.class, () -> builder().open(), "not Adapt4J's");
    try (Directory directory = FSDirectory.open(folder);
        IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig())) {
      writer.setLiveCommitData(Map.of("adapt4j.format", "7").entrySet());
      writer.commit();
    }
    assertThatIllegalStateException()
        .isThrownBy(() -> builder().open())
        .withMessageContaining("format 7, this version reads format 1");
  }

  @Test
  void aDamagedFolderIsRefusedNamingIt() throws IOException {
    try (LuceneIndex index = builder().open()) {
      index.putAll(List.of(entry("a", "words", EAST)));
    }
    Path vectors = file("_.*\\.(vec|cfs)");
    try (FileChannel channel = FileChannel.open(vectors, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() / 2);
    }
    assertThatThrownBy(() -> builder().open())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("is damaged; restore it");
  }

  @Test
  void aFileThatIsMissingIsNamed() throws IOException {
    try (LuceneIndex index = builder().open()) {
      index.putAll(List.of(entry("a", "words", EAST)));
    }
    Path missing = file("_.*\\.cfs");
    Files.delete(missing);
    assertThatThrownBy(() -> builder().open())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("its files [" + missing.getFileName() + "] are missing");
  }

  @Test
  void anIndexOfWordsTakesNoVectors() {
    try (LuceneIndex index = LuceneIndex.builder(folder).open()) {
      index.putAll(List.of(entry("a", "words only")));
      assertThat(ids(index.search(words("words")))).containsExactly("a#0");
      refuses(
          IllegalArgumentException.class, () -> index.search(near(EAST)), "opened for words only");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> index.putAll(List.of(entry("b", "x", EAST))))
          .withMessageContaining("opened for words only");
    }
  }

  @Test
  void changesAreFoundBeforeTheyAreCommittedAndKeptByClosing() {
    CommitPolicy policy = new CommitPolicy.OnClose();
    try (LuceneIndex writer = builder().commit(policy).open();
        LuceneIndex reader = builder().openForReading()) {
      writer.putAll(List.of(entry("a", "words", EAST)));
      assertThat(writer.documentCount()).isEqualTo(1);
      assertThat(reader.documentCount()).isZero();
      writer.commit();
      assertThat(reader.documentCount()).isEqualTo(1);
      writer.putAll(List.of(entry("b", "words", EAST)));
    }
    try (LuceneIndex reader = builder().openForReading()) {
      assertThat(reader.documentCount()).isEqualTo(2);
    }
  }

  @Test
  void changesAreCommittedInTheBackground() throws InterruptedException {
    CommitPolicy policy = new CommitPolicy.Every(Duration.ofMillis(20));
    try (LuceneIndex writer = builder().commit(policy).open();
        LuceneIndex reader = builder().openForReading()) {
      writer.putAll(List.of(entry("a", "words", EAST)));
      while (reader.documentCount() == 0) {
        Thread.sleep(5);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 4})
  void whatShortenedVectorsFindIsScoredByWholeOnes(int bits) {
    try (LuceneIndex index =
        LuceneIndex.builder(folder).embeddings("m", 4).quantized(bits).open()) {
      for (int i = 0; i < 50; i++) {
        index.putAll(List.of(entry("d" + i, "x", new float[] {50 - i, i, 1, 2})));
      }
      index.compact();
      List<Hit> hits = index.search(Samples.limited(near(50, 0, 1, 2), 3));
      assertThat(ids(hits)).containsExactly("d0#0", "d1#0", "d2#0");
      assertThat(hits.get(0).score()).isCloseTo(1, within(1e-6));
    }
  }

  @Test
  void metadataTooLongToFilterByIsRefusedBeforeAnythingIsAdded() {
    try (LuceneIndex index = builder().open()) {
      Map<String, Object> metadata = Map.of("summary", "x".repeat(40_000));
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> index.putAll(List.of(entry("a", "x", EAST), entry("b", "x", metadata, EAST))))
          .withMessageContaining("document 'b': metadata 'summary'")
          .withMessageContaining("found 40000");
      assertThat(index.documentCount()).isZero();
    }
  }
}
