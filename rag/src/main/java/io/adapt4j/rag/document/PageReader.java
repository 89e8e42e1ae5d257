package io.adapt4j.rag.document;

/**
 * Reads the text of a page from its picture: a {@link VisionPageReader}, or an OCR program or
 * server that an application calls.
 */
@FunctionalInterface
public interface PageReader {

  /**
   * Reads a page. Calls come one at a time, in other threads, which are interrupted when the time
   * of the page is over; a reader should stop then.
   *
   * @param png the page as a PNG file
   * @return its text; blank if it has none
   * @throws Exception if it cannot be read; the page is reported, and the rest continues
   */
  PageText read(byte[] png) throws Exception;
}
