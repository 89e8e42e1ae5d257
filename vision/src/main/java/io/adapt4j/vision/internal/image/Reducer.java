package io.adapt4j.vision.internal.image;

/**
 * Mean of blocks, as Pillow's {@code Image.reduce} computes it for a whole picture. Blocks at the
 * right and the bottom may be smaller.
 */
final class Reducer {

  private Reducer() {}

  static Pixels reduce(Pixels in, int across, int down) {
    int width = (in.width() + across - 1) / across;
    int height = (in.height() + down - 1) / down;
    int channels = in.channels();
    byte[] out = new byte[width * height * channels];
    for (int y = 0, at = 0; y < height; y++) {
      int toY = Math.min(in.height(), (y + 1) * down);
      for (int x = 0; x < width; x++) {
        int toX = Math.min(in.width(), (x + 1) * across);
        int area = (toX - x * across) * (toY - y * down);
        // Pillow multiplies by a truncated reciprocal.
        int factor = (int) (0x1p32f / (256 * area));
        for (int c = 0; c < channels; c++) {
          int sum = area / 2;
          for (int row = y * down; row < toY; row++) {
            for (int column = x * across; column < toX; column++) {
              sum += in.values()[(row * in.width() + column) * channels + c] & 0xff;
            }
          }
          out[at++] = (byte) ((sum * factor) >>> 24);
        }
      }
    }
    return new Pixels(width, height, channels, out);
  }
}
