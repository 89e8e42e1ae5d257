package io.adapt4j.rag.spi;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.internal.index.ContentHash;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps documents, their chunks and the chunks' vectors, and searches them by words, by vector or
 * by both. Any number of threads may search while one changes it.
 */
public interface SearchIndex extends AutoCloseable {

  /**
   * Adds a document, instead of the one with its id if there is one: a search sees either the old
   * one whole or the new one whole. After this returns, searches see it.
   *
   * @param document the document
   * @param chunks its chunks
   * @param vectors one a chunk, in their order
   */
  default void put(Document document, List<Chunk> chunks, List<float[]> vectors) {
    putAll(List.of(new Entry(document, chunks, vectors)));
  }

  /**
   * Adds several documents as {@link #put} does, which is faster together. After a crash each of
   * them is either there whole or not at all.
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
   * Searches.
   *
   * @param query what for
   * @return hits, the best first
   */
  List<Hit> search(SearchQuery query);

  /**
   * Returns a document as it was added.
   *
   * @param id its id
   * @return the document; empty if it is not there
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
   * Returns the vectors that are stored for chunks, so that they need not be made again.
   *
   * @param chunks the chunks, such as those of hits
   * @return by the chunk's id its vector, of Euclidean length 1; chunks of which the index keeps
   *     none are left out, all of them unless an implementation does better
   */
  default Map<String, float[]> vectors(List<Chunk> chunks) {
    return Map.of();
  }

  /** {@return the hashes of contents by which a folder is synchronized} */
  Map<String, String> contentHashes();

  /** {@return the size} */
  long documentCount();

  /** {@return the number of chunks} */
  long chunkCount();

  /** Writes what is pending and frees what is open. */
  @Override
  void close();

  /**
   * A document with what it is found by.
   *
   * @param document the document
   * @param chunks its chunks
   * @param vectors one a chunk
   */
  record Entry(Document document, List<Chunk> chunks, List<float[]> vectors) {

    /** {@return the hash of everything that decides what is stored: text, title and metadata} */
    public String contentHash() {
      return ContentHash.of(document);
    }
  }
}
