package io.adapt4j.rag.spi;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.internal.index.ContentHash;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Index of documents, their chunks and the chunks' vectors, searchable by words, vector or both.
 * Any number of threads may search while one changes it.
 */
public interface SearchIndex extends AutoCloseable {

  /**
   * Adds a document, atomically replacing one with the same id. After this returns, searches see
   * it.
   *
   * @param document the document
   * @param chunks its chunks
   * @param vectors one vector per chunk, in order
   */
  default void put(Document document, List<Chunk> chunks, List<float[]> vectors) {
    putAll(List.of(new Entry(document, chunks, vectors)));
  }

  /**
   * Adds several documents like {@link #put}, but faster. After a crash, each is either fully
   * stored or absent.
   *
   * @param entries the documents with their chunks
   */
  void putAll(List<Entry> entries);

  /**
   * Removes documents. After this returns, no search finds them.
   *
   * @param ids their ids; unknown ones are ignored
   */
  void delete(List<String> ids);

  /**
   * Searches the index.
   *
   * @param query the query
   * @return hits, best first
   */
  List<Hit> search(SearchQuery query);

  /**
   * Returns a document as it was added.
   *
   * @param id its id
   * @return the document; empty if there is none
   */
  Optional<Document> document(String id);

  /**
   * Returns some of a document's chunks by their numbers.
   *
   * @param id the document's id
   * @param first the first number
   * @param last the last number, included
   * @return those that exist, in order
   */
  List<Chunk> chunks(String id, int first, int last);

  /**
   * Returns the stored vectors of chunks, so that they need not be recomputed.
   *
   * @param chunks the chunks, such as those of hits
   * @return L2-normalized vectors by chunk id, without chunks whose vectors are not stored; empty
   *     by default
   */
  default Map<String, float[]> vectors(List<Chunk> chunks) {
    return Map.of();
  }

  /** {@return the content hashes by document id, for synchronization} */
  Map<String, String> contentHashes();

  /** {@return the number of documents} */
  long documentCount();

  /** {@return the number of chunks} */
  long chunkCount();

  /** Writes pending changes and closes the index. */
  @Override
  void close();

  /**
   * A document with its chunks and vectors.
   *
   * @param document the document
   * @param chunks its chunks
   * @param vectors one vector per chunk
   */
  record Entry(Document document, List<Chunk> chunks, List<float[]> vectors) {

    /** {@return the hash of the stored content: text, title and metadata} */
    public String contentHash() {
      return ContentHash.of(document);
    }
  }
}
