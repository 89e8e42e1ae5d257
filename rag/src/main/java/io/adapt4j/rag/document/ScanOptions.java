package io.adapt4j.rag.document;

import java.time.Duration;

/**
 * Options for reading pictures of pages.
 *
 * @param always whether pages of PDF files that have text are read from their pictures too, instead
 *     of the text
 * @param pages maximum number of pages of a file that are read; further ones are reported
 * @param pixels maximum number of pixels of a page, to which larger ones are reduced
 * @param time maximum time for a page
 */
public record ScanOptions(boolean always, int pages, int pixels, Duration time) {

  /** Creates options. Throws {@link IllegalArgumentException} if one is out of its range. */
  public ScanOptions {
    if (pages < 1 || pixels < 1 || pixels > 1 << 26) {
      throw new IllegalArgumentException(
          "pages and pixels: expected 1 or more, and at most 64 million pixels, found "
              + pages
              + " and "
              + pixels);
    }
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("time: expected more than nothing, found " + time);
    }
  }

  /** {@return the defaults: pages without text, 500 pages, 4 million pixels, 5 minutes} */
  public static ScanOptions standard() {
    return new ScanOptions(false, 500, 4_000_000, Duration.ofMinutes(5));
  }

  /** {@return these options, with all pages read from their pictures} */
  public ScanOptions withAlways() {
    return new ScanOptions(true, pages, pixels, time);
  }

  /**
   * Returns these options with another number of pages.
   *
   * @param most maximum number of pages of a file
   * @return new options
   */
  public ScanOptions withPages(int most) {
    return new ScanOptions(always, most, pixels, time);
  }

  /**
   * Returns these options with another size.
   *
   * @param most maximum number of pixels of a page
   * @return new options
   */
  public ScanOptions withPixels(int most) {
    return new ScanOptions(always, pages, most, time);
  }

  /**
   * Returns these options with another time.
   *
   * @param most maximum time for a page
   * @return new options
   */
  public ScanOptions withTime(Duration most) {
    return new ScanOptions(always, pages, pixels, most);
  }
}
