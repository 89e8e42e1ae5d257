package io.adapt4j.rag.index;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.apache.lucene.index.CheckIndex;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.Lock;

/** Read-only verification of an index before use. */
final class LuceneVerification {

  /** Number of retries if another process replaces the commit during the check. */
  private static final int TRIES = 5;

  private LuceneVerification() {}

  static void run(Directory directory, LuceneOptions options) throws IOException {
    switch (options.verification()) {
      case NONE -> {}
      case CHECKSUMS -> checksums(directory);
      case STRUCTURE -> {
        checksums(directory);
        structure(directory, options);
      }
    }
  }

  private static void checksums(Directory directory) throws IOException {
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      for (LeafReaderContext leaf : reader.leaves()) {
        leaf.reader().checkIntegrity();
      }
    }
  }

  private static void structure(Directory directory, LuceneOptions options) throws IOException {
    for (int tried = 1; ; tried++) {
      try (CheckIndex check = new CheckIndex(directory, new Unlocked())) {
        if (!check.checkIndex().clean) {
          throw new CorruptIndexException(
              "Lucene's CheckIndex finds parts that do not agree", options.folder().toString());
        }
        return;
      } catch (NoSuchFileException e) {
        if (tried == TRIES) {
          throw e;
        }
      }
    }
  }

  /** No-op lock: reading needs none, and another process may hold it. */
  private static final class Unlocked extends Lock {
    @Override
    public void close() {}

    @Override
    public void ensureValid() {}
  }
}
