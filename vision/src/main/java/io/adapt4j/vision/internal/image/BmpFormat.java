package io.adapt4j.vision.internal.image;

import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** BMP. */
final class BmpFormat implements PictureFormat {

  private static final int CORE = 12;
  private static final int WITH_PROFILE = 124;
  private static final int SRGB = 0x73524742;

  @Override
  public String name() {
    return "BMP";
  }

  @Override
  public boolean begins(byte[] bytes) {
    return Marks.at(bytes, 0, "BM");
  }

  @Override
  public Pixels decode(byte[] bytes, Limits limits) throws IOException {
    if (bytes.length < 30) {
      throw new DamagedException("it ends early");
    }
    // The JDK's reader would take as much memory as the file says for profiles and palettes.
    byte[] plain = bytes.clone();
    ByteBuffer data = ByteBuffer.wrap(plain).order(ByteOrder.LITTLE_ENDIAN);
    int header = data.getInt(14);
    boolean core = header == CORE;
    if (header < CORE
        || header > WITH_PROFILE
        || 14 + header > bytes.length
        || (!core && header < 40)) {
      throw new DamagedException("its header is wrong");
    }
    limits.checkSize(
        core ? Short.toUnsignedInt(data.getShort(18)) : data.getInt(18),
        core ? Short.toUnsignedInt(data.getShort(20)) : Math.abs((long) data.getInt(22)));
    int bits = Short.toUnsignedInt(data.getShort(core ? 24 : 28));
    int colors = core ? 0 : data.getInt(46);
    if (bits <= 8 && (colors < 0 || colors > 256)) {
      throw new DamagedException("its palette has " + colors + " colors");
    }
    if (!core && bits > 8) {
      data.putInt(46, 0);
    }
    if (header == WITH_PROFILE) {
      data.putInt(70, SRGB);
    }
    if (!core && data.getInt(30) > 3) {
      throw new IOException("compressed BMP of this kind is not read. Save the picture as PNG.");
    }
    Raster raster = Rasters.read(Rasters.platform("bmp"), plain);
    if (bits <= 8) {
      int count = colors == 0 ? 1 << bits : colors;
      return Rasters.indexed(raster, palette(data, 14 + header, count, core ? 3 : 4), new byte[0]);
    }
    return bits == 16 ? wordColors(raster) : Rasters.scaled(raster, 8);
  }

  private static byte[] palette(ByteBuffer data, int start, int count, int size)
      throws IOException {
    if (start + count * size > data.limit()) {
      throw new DamagedException("it ends early");
    }
    byte[] palette = new byte[3 * count];
    for (int i = 0; i < count; i++) {
      for (int c = 0; c < 3; c++) {
        palette[3 * i + c] = data.get(start + i * size + 2 - c);
      }
    }
    return palette;
  }

  /** Spreads colors of 5 or 6 bits over the range of 8. */
  private static Pixels wordColors(Raster raster) {
    int width = raster.getWidth();
    int height = raster.getHeight();
    byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(width, height), 3)];
    for (int c = 0; c < 3; c++) {
      int most = (1 << raster.getSampleModel().getSampleSize(c)) - 1;
      int[] row = new int[width];
      for (int y = 0; y < height; y++) {
        raster.getSamples(0, y, width, 1, c, row);
        for (int x = 0; x < width; x++) {
          out[(y * width + x) * 3 + c] = (byte) (row[x] * 255 / most);
        }
      }
    }
    return new Pixels(width, height, 3, out);
  }
}
