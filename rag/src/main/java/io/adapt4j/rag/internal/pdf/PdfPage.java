package io.adapt4j.rag.internal.pdf;

import java.util.List;

/**
 * A page of a PDF file with the places of a span, in points from its upper left corner as it is
 * shown.
 *
 * @param number its number, from 1
 * @param width its width
 * @param height its height
 * @param boxes the lines of the span on this page; empty if they could not be found
 */
public record PdfPage(int number, double width, double height, List<Box> boxes) {

  /** Copies the list. */
  public PdfPage {
    boxes = List.copyOf(boxes);
  }

  /**
   * A rectangle on a page.
   *
   * @param x left edge
   * @param y upper edge
   * @param width its width
   * @param height its height
   */
  public record Box(double x, double y, double width, double height) {}
}
