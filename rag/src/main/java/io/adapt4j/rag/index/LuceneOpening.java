package io.adapt4j.rag.index;

import io.adapt4j.rag.internal.OwnThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.util.function.UnaryOperator;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.SearcherFactory;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.search.similarities.Similarity;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;

/** Opens indexes, closing everything on failure. */
final class LuceneOpening {

  private LuceneOpening() {}

  static LuceneIndex forWriting(LuceneOptions options, UnaryOperator<Directory> wrapper) {
    LuceneFolder folder = new LuceneFolder(options.folder());
    return opened(
        folder,
        wrapper,
        directory -> {
          boolean exists = folder.check(directory, identity(options));
          if (exists) {
            requireUnlocked(directory);
            folder.requireNoForeignFiles(directory);
            LuceneVerification.run(directory, options);
          }
          return new LuceneIndex(options, directory, writing(options, directory, exists));
        });
  }

  static LuceneIndex forReading(LuceneOptions options, UnaryOperator<Directory> wrapper) {
    LuceneFolder folder = new LuceneFolder(options.folder());
    if (!Files.isDirectory(options.folder())) {
      throw new IllegalStateException(folder.name() + ": is not there; make it with open()");
    }
    return opened(
        folder,
        wrapper,
        directory -> {
          if (!folder.check(directory, identity(options))) {
            throw new IllegalStateException(
                folder.name() + ": holds no index; make it with open()");
          }
          LuceneVerification.run(directory, options);
          SearcherManager searchers = new SearcherManager(directory, searchers(options));
          return new LuceneIndex(options, directory, new LuceneState(null, searchers));
        });
  }

  private static LuceneIndex opened(
      LuceneFolder folder, UnaryOperator<Directory> wrapper, Opening opening) {
    LuceneLogging.quiet();
    try {
      return OwnThreads.call(
          () -> {
            Files.createDirectories(folder.path());
            // Unlike channels, mapped files are not closed when a searching thread is interrupted.
            Directory directory =
                wrapper.apply(new MMapDirectory(folder.path(), new SteadyLocks()));
            try {
              return opening.of(directory);
            } catch (IOException | RuntimeException | Error e) {
              directory.close();
              throw e;
            }
          });
    } catch (IOException e) {
      throw folder.explained(e, "");
    } catch (OutOfMemoryError e) {
      // Lucene allocates by stated lengths before it verifies checksums.
      throw folder.explained(
          new CorruptIndexException(
              "a length is wrong, or larger than the memory that -Xmx gives", folder.name(), e),
          "");
    } catch (IndexOutOfBoundsException | NegativeArraySizeException e) {
      throw folder.explained(new CorruptIndexException("a length is wrong", folder.name(), e), "");
    }
  }

  /** Checks the lock first, since verifying a large index takes a while. */
  private static void requireUnlocked(Directory directory) throws IOException {
    directory.obtainLock(IndexWriter.WRITE_LOCK_NAME).close();
  }

  static LuceneState writing(LuceneOptions options, Directory directory, boolean exists)
      throws IOException {
    IndexWriter writer = new IndexWriter(directory, config(options));
    try {
      if (!exists) {
        writer.setLiveCommitData(identity(options).asMap().entrySet());
        writer.commit();
      }
      SearcherManager searchers = new SearcherManager(writer, searchers(options));
      return new LuceneState(new LuceneWriter(options, writer), searchers);
    } catch (IOException | RuntimeException e) {
      writer.rollback();
      throw e;
    }
  }

  private static IndexIdentity identity(LuceneOptions options) {
    return new IndexIdentity(options.embeddings(), options.dimension(), options.analyzerName());
  }

  private static IndexWriterConfig config(LuceneOptions options) {
    return new IndexWriterConfig(options.analyzer())
        .setCodec(new HnswCodec(options.quantization(), options.links(), options.buildBeam()))
        .setSimilarity(similarity(options))
        .setRAMBufferSizeMB(options.bufferMegabytes());
  }

  private static Similarity similarity(LuceneOptions options) {
    return new BM25Similarity(options.k1(), options.b());
  }

  private static SearcherFactory searchers(LuceneOptions options) {
    return new SearcherFactory() {
      @Override
      public IndexSearcher newSearcher(IndexReader reader, IndexReader previous) {
        IndexSearcher searcher = new IndexSearcher(reader);
        searcher.setSimilarity(similarity(options));
        return searcher;
      }
    };
  }

  private interface Opening {
    LuceneIndex of(Directory directory) throws IOException;
  }
}
