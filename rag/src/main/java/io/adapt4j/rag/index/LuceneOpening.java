package io.adapt4j.rag.index;

import java.io.IOException;
import java.nio.file.Files;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.SearcherFactory;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.search.similarities.Similarity;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;

/** Opens indexes, and leaves nothing open where that fails. */
final class LuceneOpening {

  private LuceneOpening() {}

  static LuceneIndex forWriting(LuceneOptions options) {
    LuceneFolder folder = new LuceneFolder(options.folder());
    try {
      Files.createDirectories(options.folder());
      return opened(options, directory -> writing(options, folder, directory));
    } catch (IOException e) {
      throw folder.explained(e);
    }
  }

  static LuceneIndex forReading(LuceneOptions options) {
    LuceneFolder folder = new LuceneFolder(options.folder());
    if (!Files.isDirectory(options.folder())) {
      throw new IllegalStateException(folder.name() + ": is not there; make it with open()");
    }
    try {
      return opened(options, directory -> reading(options, folder, directory));
    } catch (IOException e) {
      throw folder.explained(e);
    }
  }

  private static LuceneIndex opened(LuceneOptions options, Opening opening) throws IOException {
    Directory directory = FSDirectory.open(options.folder());
    try {
      return opening.of(directory);
    } catch (IOException | RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  private static LuceneIndex writing(
      LuceneOptions options, LuceneFolder folder, Directory directory) throws IOException {
    boolean exists = folder.check(directory, identity(options));
    IndexWriter writer = new IndexWriter(directory, config(options));
    try {
      if (!exists) {
        writer.setLiveCommitData(identity(options).asMap().entrySet());
        writer.commit();
      }
      SearcherManager searchers = new SearcherManager(writer, searchers(options));
      return new LuceneIndex(options, directory, new LuceneWriter(options, writer), searchers);
    } catch (IOException | RuntimeException e) {
      writer.rollback();
      throw e;
    }
  }

  private static LuceneIndex reading(
      LuceneOptions options, LuceneFolder folder, Directory directory) throws IOException {
    if (!folder.check(directory, identity(options))) {
      throw new IllegalStateException(folder.name() + ": holds no index; make it with open()");
    }
    SearcherManager searchers = new SearcherManager(directory, searchers(options));
    return new LuceneIndex(options, directory, null, searchers);
  }

  private static IndexIdentity identity(LuceneOptions options) {
    return new IndexIdentity(options.embeddings(), options.dimension(), options.analyzerName());
  }

  private static IndexWriterConfig config(LuceneOptions options) {
    return new IndexWriterConfig(options.analyzer())
        .setCodec(new HnswCodec(options.quantisation(), options.links(), options.buildBeam()))
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
