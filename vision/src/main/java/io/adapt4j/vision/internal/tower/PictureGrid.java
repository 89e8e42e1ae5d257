package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Patches of pictures of one size. */
record PictureGrid(int channels, int patch, int side) {

  /** Patches that run through the layers at once. */
  static final int MOST_PATCHES = 16_384;

  /** Part of a batch: hidden states of some pictures from their patches. */
  @FunctionalInterface
  interface Part {
    Tensor compute(float[] patches, int from, int count);
  }

  static PictureGrid read(ConfigReader fields, int defaultPatch) {
    return read(fields, defaultPatch, 224);
  }

  static PictureGrid read(ConfigReader fields, int defaultPatch, int defaultImage) {
    int patch = side(fields, "patch_size", defaultPatch);
    int side = side(fields, "image_size", defaultImage) / patch;
    if (side < 1) {
      throw fields.invalid("image_size", "at least patch_size " + patch, "Correct one of the two.");
    }
    return new PictureGrid(fields.positiveInt("num_channels", 3), patch, side);
  }

  /** Reads the side of a square, which files may write as height and width. */
  private static int side(ConfigReader fields, String field, int defaultValue) {
    List<Integer> sides = fields.integers(field);
    if (sides.isEmpty()) {
      return defaultValue;
    }
    int side = sides.get(0);
    if (side < 1 || sides.size() > 2 || sides.get(sides.size() - 1) != side) {
      throw fields.invalid(field, "a positive integer, or the same one twice", "Correct it.");
    }
    return side;
  }

  int patches() {
    return side * side;
  }

  long patchValues() {
    return (long) channels * patch * patch;
  }

  /** Rejects pictures of another size. */
  void require(PixelBatch pixels) {
    int full = side * patch;
    List<Integer> shape = pixels.shape();
    requireChannels(shape);
    if (shape.get(2) / patch != side || shape.get(3) / patch != side) {
      throw new IllegalArgumentException(
          "pixels: expected pictures of %d x %d, found %s; the sizes in preprocessor_config.json"
                  .formatted(full, full, shape)
              + " and config.json differ");
    }
  }

  void requireChannels(List<Integer> shape) {
    if (shape.size() != 4 || shape.get(1) != channels) {
      throw new IllegalArgumentException(
          "pixels: expected [pictures, %d, height, width], found %s".formatted(channels, shape));
    }
  }

  /**
   * Computes hidden states in passes of bounded size.
   *
   * @return [pictures, T, hidden]
   */
  Tensor inParts(Ops ops, PixelBatch pixels, Part part) {
    List<Integer> shape = pixels.shape();
    requireChannels(shape);
    int pictures = shape.get(0);
    int height = shape.get(2);
    int width = shape.get(3);
    int atOnce = Math.max(1, MOST_PATCHES / Math.max(1, height / patch * (width / patch)));
    List<Tensor> parts = new ArrayList<>();
    for (int from = 0; from < pictures; from += atOnce) {
      int count = Math.min(atOnce, pictures - from);
      List<Integer> entries = IntStream.range(from, from + count).boxed().toList();
      float[] cut = cut(pixels, entries, height / patch, width / patch);
      try (Scope scope = Scope.open()) {
        parts.add(scope.keep(part.compute(cut, from, count)));
      }
    }
    Tensor first = parts.get(0);
    return parts.size() == 1
        ? first
        : TowerLayers.shaped(
            ops, TowerLayers.joined(ops, parts), pictures, first.size(1), first.size(2));
  }

  /**
   * Cuts pictures into patches, row by row, from their upper left corner.
   *
   * @return [pictures, rows * columns, channels * patch * patch]
   */
  float[] cut(PixelBatch pixels, List<Integer> entries, int rows, int columns) {
    int height = pixels.shape().get(2);
    int width = pixels.shape().get(3);
    float[] patches =
        new float
            [Math.multiplyExact(
                Math.multiplyExact(entries.size(), rows * columns), channels * patch * patch)];
    int at = 0;
    for (int picture : entries) {
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          for (int channel = 0; channel < channels; channel++) {
            int start = ((picture * channels + channel) * height + row * patch) * width;
            for (int y = 0; y < patch; y++) {
              int from = start + y * width + column * patch;
              System.arraycopy(pixels.values(), from, patches, at, patch);
              at += patch;
            }
          }
        }
      }
    }
    return patches;
  }

  /** Returns the positions 0, 1, 2 and so on of several rows. */
  static Tensor consecutive(int rows, int length) {
    long[] places = new long[rows * length];
    Arrays.setAll(places, i -> i % length);
    return Tensor.of(places, rows, length);
  }
}
