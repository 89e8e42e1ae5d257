package io.adapt4j.rag.index;

import static io.adapt4j.rag.index.Samples.EAST;
import static io.adapt4j.rag.index.Samples.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.apache.lucene.store.NIOFSDirectory;
import org.junit.jupiter.api.Test;

/**
 * An index under faults at its calls. Lucene maps files, which a disk of tests cannot, so it reads
 * and writes them through channels here.
 */
class LuceneUnderFaultsTest {

  private static LuceneIndex open(Path folder) {
    return LuceneIndex.builder(folder)
        .embeddings("m", 3)
        .commit(new CommitPolicy.EachBatch())
        .open(
            mapped -> {
              try {
                mapped.close();
                return new NIOFSDirectory(folder, new SteadyLocks());
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private static void put(Path folder, String id) {
    try (LuceneIndex index = open(folder)) {
      index.putAll(List.of(entry(id, "words", EAST)));
    }
  }

  private static String read(Path folder) {
    if (!Files.exists(folder.resolve("write.lock"))) {
      return "none";
    }
    try (LuceneIndex index = LuceneIndex.builder(folder).embeddings("m", 3).openForReading()) {
      return new TreeSet<>(index.contentHashes().keySet()).toString();
    }
  }

  @Test
  void aDocumentMore() throws Exception {
    int faults =
        FaultCheck.of("Lucene index")
            .before(folder -> put(folder, "a"))
            .writing(folder -> put(folder, "b"))
            .reading(LuceneUnderFaultsTest::read)
            .keeping(".*")
            .withoutInterrupts()
            // With assertions on, Lucene has one that a folder can be forced.
            .withoutReadOnly()
            .every(13)
            .run();
    assertThat(faults).isGreaterThan(50);
  }
}
