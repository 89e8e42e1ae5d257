package io.adapt4j.vision.internal.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Orientation in EXIF data, which are a TIFF file with one directory or more. */
final class Exif {

  private static final int ORIENTATION = 0x112;
  private static final int SHORT = 3;
  private static final int ENTRY = 12;

  private Exif() {}

  /**
   * Reads the orientation.
   *
   * @param exif beginning with the byte order, or with {@code Exif} and two zeros before it
   * @return 1 where none is stated or the data are damaged: damaged EXIF data never make a picture
   *     unreadable
   */
  static int orientation(byte[] exif) {
    boolean marked =
        exif.length > 6 && exif[0] == 'E' && exif[1] == 'x' && exif[2] == 'i' && exif[3] == 'f';
    ByteBuffer data = ByteBuffer.wrap(exif, marked ? 6 : 0, exif.length - (marked ? 6 : 0)).slice();
    if (data.limit() < 8
        || data.get(0) != data.get(1)
        || (data.get(0) != 'I' && data.get(0) != 'M')) {
      return 1;
    }
    data.order(data.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    long start = Integer.toUnsignedLong(data.getInt(4));
    if (start + 2 > data.limit()) {
      return 1;
    }
    int count = Short.toUnsignedInt(data.getShort((int) start));
    for (int i = 0; i < count && start + 2 + (i + 1L) * ENTRY <= data.limit(); i++) {
      int at = (int) start + 2 + i * ENTRY;
      if (Short.toUnsignedInt(data.getShort(at)) == ORIENTATION && data.getShort(at + 2) == SHORT) {
        return Short.toUnsignedInt(data.getShort(at + 8));
      }
    }
    return 1;
  }
}
