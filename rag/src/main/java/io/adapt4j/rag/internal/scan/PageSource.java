package io.adapt4j.rag.internal.scan;

import java.io.IOException;

/** The pages of a file as pictures. Opens the file for each call, so that calls share nothing. */
public interface PageSource {

  /** Returns the number of pages. */
  int count() throws IOException;

  /**
   * Draws a page as PNG.
   *
   * @param index from 0
   * @param mostPixels maximum number of pixels, to which it is reduced
   * @return a PNG file; empty if the page is blank
   */
  byte[] png(int index, int mostPixels) throws IOException;
}
