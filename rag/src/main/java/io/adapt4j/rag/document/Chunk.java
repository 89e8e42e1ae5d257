package io.adapt4j.rag.document;

import java.util.Objects;

/**
 * A piece of a document, the unit of retrieval.
 *
 * @param documentId the document's id
 * @param number its index among the document's chunks, from 0
 * @param span position in the document's text
 * @param parent larger span to read if this chunk is found; the span itself if there is none
 * @param heading the headings above it, outermost first, joined by " &gt; "; empty if there are
 *     none
 * @param text the characters of {@code span}
 */
public record Chunk(
    String documentId, int number, Span span, Span parent, String heading, String text) {

  /**
   * Creates a chunk. Throws {@link IllegalArgumentException} if the text is not as long as the
   * span, or the parent does not contain it.
   */
  public Chunk {
    Objects.requireNonNull(documentId, "documentId");
    Objects.requireNonNull(heading, "heading");
    if (text.length() != span.length()) {
      throw new IllegalArgumentException(
          "text: expected the %s characters of the span, found %s"
              .formatted(span.length(), text.length()));
    }
    if (!parent.contains(span)) {
      throw new IllegalArgumentException(
          "parent: expected a span around " + span + ", found " + parent);
    }
  }

  /**
   * Returns a unique id of the chunk across all documents.
   *
   * @return the document's id, a number sign and the chunk's number
   */
  public String id() {
    return documentId + "#" + number;
  }

  /** {@return the text with its headings, as it is embedded and searched by keywords} */
  public String searchText() {
    return searchText(heading, text);
  }

  /**
   * Joins a text with its headings.
   *
   * @param heading the headings above it; may be empty
   * @param text the text
   * @return heading and text
   */
  public static String searchText(String heading, String text) {
    return heading.isEmpty() ? text : heading + "\n" + text;
  }
}
