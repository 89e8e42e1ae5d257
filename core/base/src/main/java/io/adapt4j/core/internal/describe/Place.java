package io.adapt4j.core.internal.describe;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Position of a value in a source.
 *
 * @param line its line, from 1; 0 if unknown
 * @param column its column, from 1; 0 if unknown
 */
public record Place(String source, int line, int column, Path base) {

  /** Rejects null. */
  public Place {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(base, "base");
  }

  /** Creates a position without a line. */
  public static Place of(String source, Path base) {
    return new Place(source, 0, 0, base);
  }

  /** Returns {@code file:line:column}, or the file if the line is unknown. */
  @Override
  public String toString() {
    return line == 0 ? source : source + ":" + line + ":" + column;
  }
}
