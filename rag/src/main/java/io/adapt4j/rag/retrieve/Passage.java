package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.spi.Hit;
import java.util.Map;

/**
 * A passage of a document retrieved for a question.
 *
 * @param chunk the chunk it was found by
 * @param span position in the document: the chunk's span or one around it
 * @param text the characters of {@code span}
 * @param score relevance of the chunk, higher is better; comparable within one retrieval only
 * @param title the document's title; may be empty
 * @param metadata the document's metadata
 */
public record Passage(
    Chunk chunk, Span span, String text, double score, String title, Map<String, Object> metadata) {

  static Passage of(Hit hit) {
    return of(hit, hit.chunk().span(), hit.chunk().text());
  }

  static Passage of(Hit hit, Span span, String text) {
    return new Passage(hit.chunk(), span, text, hit.score(), hit.title(), hit.metadata());
  }

  /** {@return the id of its document} */
  public String documentId() {
    return chunk.documentId();
  }

  /**
   * Returns a prefix of the passage.
   *
   * @param characters length of the prefix, at most the passage's
   * @return the shorter passage
   */
  public Passage beginning(int characters) {
    return new Passage(
        chunk,
        new Span(span.start(), span.start() + characters),
        text.substring(0, characters),
        score,
        title,
        metadata);
  }
}
