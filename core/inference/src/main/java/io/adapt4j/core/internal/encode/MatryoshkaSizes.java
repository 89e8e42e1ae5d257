package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The sizes to which vectors may be truncated (Matryoshka), by {@code matryoshka_dimensions} or
 * {@code is_matryoshka} in {@code config.json}, as vLLM reads them.
 *
 * @param sizes the sizes; empty for any if they are allowed at all
 */
public record MatryoshkaSizes(boolean isAllowed, List<Integer> sizes) {

  public static MatryoshkaSizes read(Path folder) {
    Path file = folder.resolve("config.json");
    if (!Files.isRegularFile(file)) {
      return new MatryoshkaSizes(false, List.of());
    }
    ConfigReader config = ConfigReader.read(file);
    List<Integer> sizes =
        config.has("matryoshka_dimensions") ? config.integers("matryoshka_dimensions") : List.of();
    return new MatryoshkaSizes(!sizes.isEmpty() || config.bool("is_matryoshka", false), sizes);
  }

  /** Returns whether vectors of a width may be truncated to a size. */
  public boolean allows(int size, int width) {
    return size >= 1
        && (size == width
            || (isAllowed && size < width && (sizes.isEmpty() || sizes.contains(size))));
  }
}
