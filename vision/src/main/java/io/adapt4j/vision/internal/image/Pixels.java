package io.adapt4j.vision.internal.image;

/**
 * Decoded picture: 8-bit values, row by row, channels last.
 *
 * @param channels 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
 * @param values [height, width, channels]; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Pixels(int width, int height, int channels, byte[] values) {

  /** Requires values that fit the size. */
  public Pixels {
    if (width < 1 || height < 1 || channels < 1 || channels > 4) {
      throw new IllegalArgumentException(width + " x " + height + " x " + channels);
    }
    if (values.length != (long) width * height * channels) {
      throw new IllegalArgumentException(
          "expected "
              + width
              + " x "
              + height
              + " x "
              + channels
              + " values, found "
              + values.length);
    }
  }

  /** Drops alpha and repeats grey, as Pillow's {@code convert("RGB")} does. */
  public Pixels rgb() {
    if (channels == 3) {
      return this;
    }
    int count = width * height;
    byte[] out = new byte[Math.multiplyExact(count, 3)];
    int green = channels == 4 ? 1 : 0;
    for (int i = 0, in = 0, at = 0; i < count; i++, in += channels, at += 3) {
      out[at] = values[in];
      out[at + 1] = values[in + green];
      out[at + 2] = values[in + 2 * green];
    }
    return new Pixels(width, height, 3, out);
  }

  /** Blends transparent pixels over white, as Pillow's {@code alpha_composite} does. */
  public Pixels overWhite() {
    Pixels rgb = rgb();
    if (channels % 2 == 1) {
      return rgb;
    }
    byte[] out = rgb.values;
    for (int i = 0; i < width * height; i++) {
      int alpha = values[i * channels + channels - 1] & 0xff;
      for (int at = 3 * i; at < 3 * i + 3; at++) {
        // The background is opaque; Pillow divides by 255 with 7 bits more and rounds.
        int mixed = alpha == 0 ? 255 : blend(out[at] & 0xff, alpha);
        out[at] = (byte) mixed;
      }
    }
    return new Pixels(width, height, 3, out);
  }

  private static int blend(int value, int alpha) {
    int outer = 255 * (255 - alpha);
    int total = alpha * 255 + outer;
    int share = alpha * 255 * 255 * (1 << 7) / total;
    int sum = value * share + 255 * ((255 << 7) - share) + (0x80 << 7);
    return (((sum >> 8) + sum) >> 8) >> 7;
  }

  /** Cuts out a rectangle, which must lie inside. */
  public Pixels crop(int left, int top, int newWidth, int newHeight) {
    byte[] out = new byte[newWidth * newHeight * channels];
    int row = newWidth * channels;
    for (int y = 0; y < newHeight; y++) {
      System.arraycopy(values, ((top + y) * width + left) * channels, out, y * row, row);
    }
    return new Pixels(newWidth, newHeight, channels, out);
  }

  /**
   * Applies an EXIF orientation.
   *
   * @param orientation 1 to 8; others leave the picture as it is
   */
  public Pixels oriented(int orientation) {
    if (orientation < 2 || orientation > 8) {
      return this;
    }
    boolean transposed = orientation > 4;
    boolean right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    boolean down = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    int newWidth = transposed ? height : width;
    int newHeight = transposed ? width : height;
    byte[] out = new byte[values.length];
    int at = 0;
    for (int y = 0; y < newHeight; y++) {
      int fromY = down ? newHeight - 1 - y : y;
      for (int x = 0; x < newWidth; x++) {
        int fromX = right ? newWidth - 1 - x : x;
        int in = (transposed ? fromX * width + fromY : fromY * width + fromX) * channels;
        for (int c = 0; c < channels; c++) {
          out[at++] = values[in + c];
        }
      }
    }
    return new Pixels(newWidth, newHeight, channels, out);
  }
}
