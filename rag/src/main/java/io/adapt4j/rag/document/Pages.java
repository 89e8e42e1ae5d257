package io.adapt4j.rag.document;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The pages of a document, or the slides. Its text has a form feed (U+000C) between two of them, as
 * text made from PDF files and old plain-text files have it.
 */
public final class Pages {

  private final int[] breaks;

  private Pages(int[] breaks) {
    this.breaks = breaks;
  }

  /**
   * Finds the pages of a document.
   *
   * @param document the document
   * @return its pages; one where its text has no form feed
   */
  public static Pages of(Document document) {
    String text = document.text();
    return new Pages(
        IntStream.iterate(
                text.indexOf('\f'), index -> index >= 0, index -> text.indexOf('\f', index + 1))
            .toArray());
  }

  /** {@return the number of pages} */
  public int count() {
    return breaks.length + 1;
  }

  /**
   * Tells on which page a stretch of the text begins.
   *
   * @param span the stretch
   * @return the page's number, counted from 1
   */
  public int first(Span span) {
    return pageOf(span.start());
  }

  /**
   * Tells on which page a stretch of the text ends.
   *
   * @param span the stretch
   * @return the page's number, counted from 1
   */
  public int last(Span span) {
    return pageOf(Math.max(span.start(), span.end() - 1));
  }

  /** A form feed belongs to the page that it ends. */
  private int pageOf(int position) {
    int found = Arrays.binarySearch(breaks, position);
    return (found >= 0 ? found : -found - 1) + 1;
  }
}
