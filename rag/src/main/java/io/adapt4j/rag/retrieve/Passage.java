package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.spi.Hit;
import java.util.Map;

/**
 * A stretch of a document to read for a question.
 *
 * @param chunk the chunk it was found by
 * @param span where it stands in the document: the chunk's span or one around it
 * @param text the characters of {@code span}
 * @param score how well the chunk fits, larger is better; comparable within one retrieval only
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

  /** {@return the document it is in} */
  public String documentId() {
    return chunk.documentId();
  }

  /**
   * Returns only the beginning.
   *
   * @param characters how much of it, at most all
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
