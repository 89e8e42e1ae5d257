package io.adapt4j.core.internal.describe;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Where a value was written.
 *
 * @param line its line, from 1; 0 where it is not known
 * @param column its column, from 1; 0 where it is not known
 */
public record Place(String source, int line, int column, Path base) {

  /** Checks that source and base are there. */
  public Place {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(base, "base");
  }

  /** Names a source without lines. */
  public static Place of(String source, Path base) {
    return new Place(source, 0, 0, base);
  }

  /** Returns {@code file:line:column}, or the file where no line is known. */
  @Override
  public String toString() {
    return line == 0 ? source : source + ":" + line + ":" + column;
  }
}
