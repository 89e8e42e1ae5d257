package io.adapt4j.rag.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.LockObtainFailedException;
import org.apache.lucene.util.ThreadInterruptedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the failures of an index are told as, and what an index refuses of another's records. */
class LuceneFailuresTest {

  @TempDir private Path folder;

  private String explained(Exception failure) {
    RuntimeException explained = new LuceneFolder(folder).explained(failure, "; nothing is lost");
    assertThat(explained.getMessage()).startsWith("index " + folder + ": ");
    return explained.getMessage();
  }

  @Test
  void aFullDiskIsToldWithItsFreeSpace() {
    IOException closing = new IOException("closing failed");
    closing.addSuppressed(new IOException("No space left on device"));
    for (Exception full :
        List.of(
            new IOException("No space left on device"),
            new IOException("There is not enough space on the disk"),
            new IOException("Disk quota exceeded"),
            new IllegalStateException(new IOException("disk full")),
            closing)) {
      assertThat(explained(full))
          .containsPattern("the disk is full \\(\\d+ MB left\\); free some space")
          .endsWith("; nothing is lost");
    }
    assertThat(
            new LuceneFolder(folder.resolve("missing"))
                .explained(new IOException("disk full"), "")
                .getMessage())
        .contains("the disk is full; free some space");
  }

  @Test
  void anInterruptIsNotBlamedOnTheDisk() {
    for (Exception interrupt :
        List.of(
            new ClosedByInterruptException(),
            new InterruptedIOException(),
            new ThreadInterruptedException(new InterruptedException()))) {
      assertThat(explained(interrupt)).contains("was interrupted").doesNotContain("damaged");
    }
  }

  @Test
  void damageIsToldWithItsRemedy() {
    for (Exception damage :
        List.of(
            new CorruptIndexException("sum", "file"),
            new EOFException("end"),
            new NoSuchFileException("_1.cfs"),
            new FileNotFoundException("_1.cfs"),
            new IOException(new IndexOutOfBoundsException("5")))) {
      assertThat(explained(damage)).contains("is damaged; restore it");
    }
    assertThat(explained(new IOException("Input/output error")))
        .contains("cannot be read or written; see to", "(Input/output error); nothing is lost");
  }

  @Test
  void aFailureOfAnyKindHasAnInputOutputErrorAsItsCause() {
    IOException io = new IOException("x");
    IllegalArgumentException other = new IllegalArgumentException("y");
    LuceneFolder index = new LuceneFolder(folder);
    assertThat(index.explained(io, "")).isInstanceOf(UncheckedIOException.class).hasCause(io);
    assertThat(index.explained(other, "")).hasRootCause(other);
  }

  @Test
  void anotherWriterAndOtherVersionsAreNoDamage() {
    LuceneFolder index = new LuceneFolder(folder);
    assertThat(index.explained(new LockObtainFailedException("lock"), ""))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("has it open for writing");
    for (Exception version :
        List.of(
            new IndexFormatTooOldException("file", "5"),
            new IndexFormatTooNewException("file", 99, 7, 10))) {
      assertThat(index.explained(version, "; nothing is lost"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("by a version of Lucene that this one does not read")
          .hasMessageEndingWith("; nothing is lost");
    }
  }

  @Test
  void ofManyFilesTheFirstThreeAreNamed() throws IOException {
    IndexIdentity identity = new IndexIdentity("m", 3, "ENGLISH");
    try (Directory empty = new ByteBuffersDirectory()) {
      LuceneFolder index = new LuceneFolder(folder);
      Files.createFile(folder.resolve("write.lock"));
      assertThat(index.check(empty, identity)).isFalse();
      for (String name : List.of("c", "b", "a")) {
        Files.createFile(folder.resolve(name));
      }
      assertThatIllegalStateException()
          .isThrownBy(() -> index.check(empty, identity))
          .withMessageContaining("holds a, b, c but no index");
      Files.createFile(folder.resolve("d"));
      Files.createFile(folder.resolve("e"));
      assertThatIllegalStateException()
          .isThrownBy(() -> index.check(empty, identity))
          .withMessageContaining("holds a, b, c and 2 more but no index");
      Files.createFile(folder.resolve("_0.cfs"));
      assertThatIllegalStateException()
          .isThrownBy(() -> index.check(empty, identity))
          .withMessageContaining("files of an index (_0.cfs, a, b and 3 more) but not the file");
    }
  }

  @Test
  void whatAnIndexRecordsOfItselfIsWhatIsAskedFor() {
    IndexIdentity identity = new IndexIdentity("m", 3, "ENGLISH");
    identity.check("index x", identity.asMap());
    new IndexIdentity("", 0, "ENGLISH")
        .check("index x", new IndexIdentity("other", 0, "ENGLISH").asMap());
    refused(identity, Map.of("adapt4j.dimension", "3"), "not Adapt4J's");
    refused(identity, new IndexIdentity("n", 3, "ENGLISH").asMap(), "vectors of 'n' with 3");
    refused(identity, new IndexIdentity("m", 4, "ENGLISH").asMap(), "with 4 entries, asked for");
    refused(identity, new IndexIdentity("m", 3, "GERMAN").asMap(), "cut by 'GERMAN'");
  }

  private static void refused(IndexIdentity asked, Map<String, String> recorded, String message) {
    assertThatIllegalStateException()
        .isThrownBy(() -> asked.check("index x", recorded))
        .withMessageStartingWith("index x: ")
        .withMessageContaining(message);
  }
}
