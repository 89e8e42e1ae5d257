package io.adapt4j.vision.internal.image;

import java.io.IOException;
import java.util.Locale;

/**
 * Sizes that a picture's file may state.
 *
 * @param bytes bytes of the file
 * @param frames pages or frames of the file, of which the first is read
 */
public record Limits(long bytes, long pixels, int side, int frames) {

  /** Limits where none are given. */
  public static final Limits USUAL = new Limits(64 << 20, 64 << 20, 65_535, 1_000);

  /** Rejects a file that is too large. */
  public void checkBytes(long found) throws IOException {
    check(found, bytes, "bytes in the file", "Compress the picture");
  }

  void checkSize(long width, long height) throws IOException {
    if (width < 1 || height < 1) {
      throw new IOException(
          "expected a width and a height of at least 1, found "
              + width
              + " x "
              + height
              + ". Save the picture again.");
    }
    check(Math.max(width, height), side, "pixels in width and height", "Reduce the picture");
    check(width * height, pixels, "pixels", "Reduce the picture");
  }

  void checkFrames(long found) throws IOException {
    check(found, frames, "pages or frames", "Save the one that is needed as a picture");
  }

  private static void check(long found, long limit, String what, String remedy) throws IOException {
    if (found > limit) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "expected at most %,d %s, found %,d. %s, or allow more by PictureLimits.",
              limit,
              what,
              found,
              remedy));
    }
  }
}
