package io.adapt4j.rag.index;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.rag.index.Samples.EAST;
import static io.adapt4j.rag.index.Samples.entry;
import static io.adapt4j.rag.index.Samples.ids;
import static io.adapt4j.rag.index.Samples.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full and has room again later. */
@Timeout(60)
class LuceneDiskFullTest {

  @TempDir private Path folder;

  private final AtomicBoolean full = new AtomicBoolean();

  private LuceneIndex open(CommitPolicy policy) {
    return LuceneIndex.builder(folder)
        .embeddings("m", 3)
        .commit(policy)
        .open(directory -> new FullDirectory(directory, full));
  }

  private static final class FullDirectory extends FilterDirectory {
    private final AtomicBoolean full;

    FullDirectory(Directory in, AtomicBoolean full) {
      super(in);
      this.full = full;
    }

    @Override
    public IndexOutput createOutput(String name, IOContext context) throws IOException {
      if (full.get()) {
        throw new IOException("No space left on device");
      }
      return super.createOutput(name, context);
    }
  }

  @Test
  void theFailedCallIsToldAndCanBeRepeatedOnTheSameObject() {
    try (LuceneIndex index = open(new CommitPolicy.EachBatch())) {
      index.putAll(List.of(entry("a", "words", EAST)));
      full.set(true);
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> index.putAll(List.of(entry("b", "words", EAST))))
            .isInstanceOf(UncheckedIOException.class)
            .hasMessageContaining(folder.toString())
            .hasMessageContaining("the disk is full")
            .hasMessageContaining("MB left")
            .hasMessageContaining("free some space")
            .hasMessageContaining("repeat the call")
            .hasMessageNotContaining("had not been committed");
        assertThat(ids(index.search(words("words")))).containsExactly("a#0");
      }
      full.set(false);
      index.putAll(List.of(entry("b", "words", EAST)));
      assertThat(ids(index.search(words("words")))).containsExactly("a#0", "b#0");
      index.delete(List.of("a"));
    }
    try (LuceneIndex index = open(new CommitPolicy.EachBatch())) {
      assertThat(index.contentHashes()).containsOnlyKeys("b");
    }
  }

  @Test
  void aCommitThatFailedLosesNothingAndIsRepeated() {
    try (LuceneIndex index = open(new CommitPolicy.OnClose())) {
      index.putAll(List.of(entry("a", "words", EAST)));
      full.set(true);
      refuses(UncheckedIOException.class, index::commit, "the disk is full", "repeat the call");
      full.set(false);
      index.commit();
      try (LuceneIndex reader = LuceneIndex.builder(folder).embeddings("m", 3).openForReading()) {
        assertThat(reader.contentHashes()).containsOnlyKeys("a");
      }
    }
  }

  @Test
  void whatWasNotCommittedBeforeAFailureIsToldToBeLostOnce() {
    try (LuceneIndex index = open(new CommitPolicy.OnClose())) {
      index.putAll(List.of(entry("a", "words", EAST)));
      index.commit();
      index.putAll(List.of(entry("b", "words", EAST)));
      index.putAll(List.of(entry("c", "words", EAST)));
      full.set(true);
      assertThatThrownBy(() -> index.putAll(List.of(entry("d", "words", EAST))))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("the disk is full")
          .hasMessageContaining("the last 2 calls")
          .hasMessageContaining("is lost");
      full.set(false);
      index.putAll(List.of(entry("d", "words", EAST)));
      assertThat(index.contentHashes()).containsOnlyKeys("a", "d");
    }
  }

  @Test
  void closingThatFailsTellsWhatIsLost() {
    LuceneIndex index = open(new CommitPolicy.OnClose());
    index.putAll(List.of(entry("a", "words", EAST)));
    full.set(true);
    refuses(UncheckedIOException.class, index::close, "the disk is full", "the last 1 calls");
    full.set(false);
    try (LuceneIndex again = open(new CommitPolicy.OnClose())) {
      assertThat(again.contentHashes()).isEmpty();
    }
  }

  @Test
  void aCommitInTheBackgroundIsMadeUpForWhenThereIsRoomAgain() throws InterruptedException {
    try (LuceneIndex index = open(new CommitPolicy.Every(Duration.ofMillis(100)));
        LuceneIndex reader = LuceneIndex.builder(folder).embeddings("m", 3).openForReading()) {
      full.set(true);
      refuses(UncheckedIOException.class, () -> index.putAll(List.of(entry("a", "words", EAST))));
      full.set(false);
      index.putAll(List.of(entry("a", "words", EAST)));
      while (reader.documentCount() == 0) {
        Thread.sleep(10);
      }
    }
  }
}
