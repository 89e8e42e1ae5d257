package io.adapt4j.core.data;

/** Unit of a plain text file that becomes a row. */
public enum TextUnit {
  /** The whole file. */
  DOCUMENT,
  /** Consecutive lines without a blank line between them. */
  PARAGRAPH,
  /** Each line that is not blank. */
  LINE
}
