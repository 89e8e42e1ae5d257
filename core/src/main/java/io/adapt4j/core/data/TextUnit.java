package io.adapt4j.core.data;

/** What of a plain text file is a row. */
public enum TextUnit {
  /** The whole file. */
  DOCUMENT,
  /** Lines that follow each other without a blank line between them. */
  PARAGRAPH,
  /** Each line that is not blank. */
  LINE
}
