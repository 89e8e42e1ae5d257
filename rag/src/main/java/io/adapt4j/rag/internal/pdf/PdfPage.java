package io.adapt4j.rag.internal.pdf;

import java.util.List;

/**
 * A page of a PDF file with the places of a span, in points from its upper left corner as it is
 * shown.
 */
public record PdfPage(int number, double width, double height, List<Box> boxes) {

  /** Copies the list. */
  public PdfPage {
    boxes = List.copyOf(boxes);
  }

  /** A rectangle on a page. */
  public record Box(double x, double y, double width, double height) {}
}
