package io.adapt4j.core.data;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/**
 * Service provider that converts files of another format to JSON Lines, so that {@link
 * Datasets#read} can read them. Implementations are found by {@link java.util.ServiceLoader}. A
 * file is converted once, into the temporary folder, when it is opened.
 */
public interface JsonLinesConverter {

  /** Number of bytes by which a format is detected. */
  int FIRST_BYTES = 4;

  /** {@return the name of the format, for messages} */
  String format();

  /**
   * Returns whether a file is of the format.
   *
   * @param first the first {@link #FIRST_BYTES} bytes of the file; fewer if it is shorter
   * @return whether the format matches
   */
  boolean reads(byte[] first);

  /**
   * Writes the rows of a file in UTF-8, one JSON object per line.
   *
   * @param file the file
   * @param out the stream to write to; not closed
   * @throws IOException if the file cannot be read, or the rows cannot be written
   */
  void convert(Path file, OutputStream out) throws IOException;
}
