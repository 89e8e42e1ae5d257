package io.adapt4j.gguf.format;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Grids of the types IQ1 to IQ3: points whose coordinates are levels of adjacent values. */
enum Grid {
  IQ2_XXS,
  IQ2_XS,
  IQ2_S,
  IQ3_XXS,
  IQ3_S,
  IQ1;

  private static final String RESOURCE = "grids.txt";

  /** Hexadecimal digits of a point. */
  private static final int DIGITS = 4;

  private static final int BITS = 16;

  /** The points of all grids, read when the first one is needed. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Points(int[] levels, byte[] indices) {
    private static final Map<Grid, Points> ALL = read();
  }

  /** Returns for each coordinate the index of its level, one point after the other. */
  byte[] points() {
    return Objects.requireNonNull(Points.ALL.get(this)).indices;
  }

  int[] levels() {
    return Objects.requireNonNull(Points.ALL.get(this)).levels;
  }

  private static Map<Grid, Points> read() {
    Map<Grid, Points> grids = new EnumMap<>(Grid.class);
    try (InputStream in = Objects.requireNonNull(Grid.class.getResourceAsStream(RESOURCE))) {
      new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> List.of(line.split(" ")))
          .forEach(grid -> grids.put(valueOf(grid.get(0)), points(grid.get(1), grid.get(2))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return grids;
  }

  private static Points points(String levels, String digits) {
    int[] values = Arrays.stream(levels.split(",")).mapToInt(Integer::parseInt).toArray();
    // Two bits distinguish three levels, a digit eight.
    int bits = values.length == 3 ? 2 : 4;
    int dimensions = BITS / bits;
    byte[] indices = new byte[digits.length() / DIGITS * dimensions];
    for (int i = 0; i < indices.length; i++) {
      int start = i / dimensions * DIGITS;
      int point = Integer.parseInt(digits, start, start + DIGITS, 16);
      indices[i] = (byte) (point >> (BITS - bits * (i % dimensions + 1)) & (1 << bits) - 1);
    }
    return new Points(values, indices);
  }
}
