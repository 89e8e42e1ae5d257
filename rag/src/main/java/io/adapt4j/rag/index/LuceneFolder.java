package io.adapt4j.rag.index;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;
import org.apache.lucene.index.SegmentInfos;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.LockObtainFailedException;

/** The folder of an index: what is in it, and what its errors mean. */
record LuceneFolder(Path path) {

  /**
   * Checks the folder before it is written to.
   *
   * @return whether there is an index
   * @throws IllegalStateException if the index is of another identity, or other files are there
   */
  boolean check(Directory directory, IndexIdentity identity) throws IOException {
    if (DirectoryReader.indexExists(directory)) {
      identity.check(name(), SegmentInfos.readLatestCommit(directory).getUserData());
      return true;
    }
    try (Stream<Path> files = Files.list(path)) {
      Optional<Path> other = files.filter(file -> !isLucene(file)).findFirst();
      if (other.isPresent()) {
        throw new IllegalStateException(
            name()
                + ": holds "
                + other.get().getFileName()
                + " but no index; name an empty or new folder");
      }
    }
    return false;
  }

  /** A crash while the index was made leaves such files. */
  private static boolean isLucene(Path file) {
    return file.getFileName().toString().matches("_.*|write\\.lock|pending_segments_.*");
  }

  String name() {
    return "index " + path;
  }

  RuntimeException explained(IOException e) {
    if (e instanceof LockObtainFailedException) {
      return new IllegalStateException(
          name()
              + ": another process, or another object of this one, has it open for writing; close"
              + " that one, or open this one with openForReading()",
          e);
    }
    if (e instanceof IndexFormatTooOldException || e instanceof IndexFormatTooNewException) {
      return new IllegalStateException(
          name()
              + ": was written by a version of Lucene that this one does not read; delete it and"
              + " index the documents again, or use the version that wrote it ("
              + e.getMessage()
              + ")",
          e);
    }
    boolean damaged =
        e instanceof CorruptIndexException
            || e instanceof EOFException
            || e instanceof NoSuchFileException
            || e instanceof FileNotFoundException;
    return new UncheckedIOException(
        name()
            + (damaged
                ? ": is damaged; restore it, or delete it and index the documents again ("
                : ": cannot be read or written (")
            + e.getMessage()
            + ")",
        e);
  }
}
