package io.adapt4j.vision.internal.processor;

import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Pixels;
import java.util.ArrayList;
import java.util.List;

/** Builds batches from tiles. */
final class Batches {

  private Batches() {}

  static IllegalArgumentException tooLong(Pixels picture) {
    return new IllegalArgumentException(
        "a picture of %s x %s is too long for its width, or too wide for its height. Cut it."
            .formatted(picture.width(), picture.height()));
  }

  /** Puts the tiles of all pictures, which have one size, into [tiles, 3, height, width]. */
  static PixelBatch tiles(List<List<Pixels>> pictures, Normalizer normalizer) {
    List<Pixels> all = new ArrayList<>();
    pictures.forEach(all::addAll);
    int[] perPicture = pictures.stream().mapToInt(List::size).toArray();
    if (all.isEmpty()) {
      return new PixelBatch(
          new float[0], List.of(0, 3, 0, 0), new int[0][], perPicture, new byte[0]);
    }
    int height = all.get(0).height();
    int width = all.get(0).width();
    float[] values = new float[Math.multiplyExact(all.size(), height * width * 3)];
    for (int i = 0; i < all.size(); i++) {
      normalizer.planes(all.get(i), values, i * height * width * 3);
    }
    return new PixelBatch(
        values, List.of(all.size(), 3, height, width), new int[0][], perPicture, new byte[0]);
  }

  /**
   * Puts the tiles of all pictures as padded rows of patches into [tiles, most, side * side * 3],
   * with a mask of the patches.
   */
  static PixelBatch patches(
      List<List<Pixels>> pictures, Normalizer normalizer, int side, int most) {
    List<Pixels> all = new ArrayList<>();
    pictures.forEach(all::addAll);
    int length = side * side * 3;
    float[] values = new float[Math.multiplyExact(Math.multiplyExact(all.size(), most), length)];
    byte[] mask = new byte[all.size() * most];
    int[][] grids = new int[all.size()][];
    for (int i = 0; i < all.size(); i++) {
      Pixels tile = all.get(i);
      int rows = tile.height() / side;
      int columns = tile.width() / side;
      if (rows * columns > most) {
        throw tooLong(tile);
      }
      grids[i] = new int[] {1, rows, columns};
      for (int p = 0; p < rows * columns; p++) {
        mask[i * most + p] = 1;
        normalizer.patch(
            tile, p % columns * side, p / columns * side, side, values, (i * most + p) * length);
      }
    }
    return new PixelBatch(
        values,
        List.of(all.size(), most, length),
        grids,
        pictures.stream().mapToInt(List::size).toArray(),
        mask);
  }
}
