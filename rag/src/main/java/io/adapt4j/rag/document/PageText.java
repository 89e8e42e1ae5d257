package io.adapt4j.rag.document;

import java.util.List;
import java.util.Objects;

/**
 * Text read from a page.
 *
 * @param text the text, as Markdown or plain
 * @param boxes places of its parts on page 1, in the order of the text; may be empty
 * @param truncated whether the reader stopped before the end of the page
 */
public record PageText(String text, List<PageBox> boxes, boolean truncated) {

  /** Creates a text. Throws {@link IllegalArgumentException} if a box is beyond it. */
  public PageText {
    Objects.requireNonNull(text, "text");
    boxes = List.copyOf(boxes);
    for (PageBox box : boxes) {
      if (box.page() != 1 || box.span().end() > text.length()) {
        throw new IllegalArgumentException(
            "boxes: expected page 1 and spans within the %s characters of the text, found %s"
                .formatted(text.length(), box));
      }
    }
  }

  /**
   * Creates a text without places.
   *
   * @param text the text
   * @return the whole text of a page
   */
  public static PageText of(String text) {
    return new PageText(text, List.of(), false);
  }
}
