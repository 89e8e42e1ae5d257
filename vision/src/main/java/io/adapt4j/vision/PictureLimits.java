package io.adapt4j.vision;

import io.adapt4j.vision.internal.image.Limits;

/**
 * Sizes that a picture's file may state, checked before memory is taken. Decoding takes up to about
 * 14 bytes a pixel for a moment.
 *
 * @param bytes bytes of the file
 * @param pixels width times height
 * @param side width or height in pixels
 * @param frames pages or frames in the file, of which only the first is read
 */
public record PictureLimits(int bytes, int pixels, int side, int frames) {

  private static final PictureLimits DEFAULTS =
      new PictureLimits(
          (int) Limits.USUAL.bytes(),
          (int) Limits.USUAL.pixels(),
          Limits.USUAL.side(),
          Limits.USUAL.frames());

  /** Requires limits of at least 1. */
  public PictureLimits {
    if (bytes < 1 || pixels < 1 || side < 1 || frames < 1) {
      throw new IllegalArgumentException(
          "limits of pictures must be at least 1, found "
              + bytes
              + ", "
              + pixels
              + ", "
              + side
              + ", "
              + frames);
    }
  }

  /** {@return 64 MiB, 64 * 1024 * 1024 pixels, 65,535 pixels a side, 1,000 frames} */
  public static PictureLimits defaults() {
    return DEFAULTS;
  }

  Limits internal() {
    return new Limits(bytes, pixels, side, frames);
  }
}
