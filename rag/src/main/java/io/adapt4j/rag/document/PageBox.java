package io.adapt4j.rag.document;

/**
 * Place of a span on a page. Coordinates are fractions of the page's width and height, from its
 * upper left corner.
 *
 * @param page number of the page, from 1
 * @param span range of the text
 * @param left left edge, 0 to 1
 * @param top upper edge, 0 to 1
 * @param right right edge, 0 to 1
 * @param bottom lower edge, 0 to 1
 */
public record PageBox(int page, Span span, double left, double top, double right, double bottom) {

  /** Creates a place. Throws {@link IllegalArgumentException} if it is not within a page. */
  public PageBox {
    if (page < 1
        || !(0 <= left && left <= right && right <= 1)
        || !(0 <= top && top <= bottom && bottom <= 1)) {
      throw new IllegalArgumentException(
          "box: expected a page from 1, 0 <= left <= right <= 1 and 0 <= top <= bottom <= 1, found"
              + " page %s, left %s, top %s, right %s, bottom %s"
                  .formatted(page, left, top, right, bottom));
    }
  }

  /** Moves the span and the page. */
  PageBox moved(int characters, int pages) {
    return new PageBox(
        page + pages,
        new Span(span.start() + characters, span.end() + characters),
        left,
        top,
        right,
        bottom);
  }
}
