package io.adapt4j.rag.document;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The pages or slides of a document, separated in its text by form feeds (U+000C), as in text
 * extracted from PDF files and in old plain-text files.
 */
public final class Pages {

  private final int[] breaks;
  private final List<PageBox> boxes;

  private Pages(int[] breaks, List<PageBox> boxes) {
    this.breaks = breaks;
    this.boxes = boxes;
  }

  /**
   * Finds the pages of a document.
   *
   * @param document the document
   * @return its pages; a single one without form feeds
   */
  public static Pages of(Document document) {
    String text = document.text();
    return new Pages(
        IntStream.iterate(
                text.indexOf('\f'), index -> index >= 0, index -> text.indexOf('\f', index + 1))
            .toArray(),
        PageBoxes.read(document));
  }

  /** {@return the number of pages} */
  public int count() {
    return breaks.length + 1;
  }

  /**
   * Returns the page where a span begins.
   *
   * @param span the span
   * @return the page's number, from 1
   */
  public int first(Span span) {
    return pageOf(span.start());
  }

  /**
   * Returns the page where a span ends.
   *
   * @return the page's number, from 1
   */
  public int last(Span span) {
    return pageOf(Math.max(span.start(), span.end() - 1));
  }

  /**
   * Returns the places of the parts of a text that a span touches, such as paragraphs, where the
   * document was read from pictures by a model that states them.
   *
   * @return the places, in the order of the text; empty if they are not known
   */
  public List<PageBox> boxes(Span span) {
    return boxes.stream()
        .filter(box -> box.span().start() < span.end() && span.start() < box.span().end())
        .toList();
  }

  /** Returns the page of a position; a form feed belongs to the page that it ends. */
  private int pageOf(int position) {
    int found = Arrays.binarySearch(breaks, position);
    return (found >= 0 ? found : -found - 1) + 1;
  }
}
