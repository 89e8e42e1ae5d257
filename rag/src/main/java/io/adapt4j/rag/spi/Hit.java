package io.adapt4j.rag.spi;

import io.adapt4j.rag.document.Chunk;
import java.util.Map;

/**
 * A search hit.
 *
 * @param chunk the chunk
 * @param score relevance, higher is better; comparable within one search only
 * @param title the document's title
 * @param metadata the document's metadata
 */
public record Hit(Chunk chunk, double score, String title, Map<String, Object> metadata) {

  /**
   * Returns this hit with another score.
   *
   * @param other the score
   * @return a new hit
   */
  public Hit withScore(double other) {
    return new Hit(chunk, other, title, metadata);
  }
}
