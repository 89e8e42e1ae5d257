package io.adapt4j.vision.internal.image;

import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;

/** TIFF: the first page. */
final class TiffFormat implements PictureFormat {

  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int BITS = 258;
  private static final int PHOTOMETRIC = 262;
  private static final int ORIENTATION = 274;
  private static final int CHANNELS = 277;
  private static final int COLOR_MAP = 320;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int SAMPLE_FORMAT = 339;

  private static final int PALETTE = 3;
  private static final int CMYK = 5;
  private static final int YCBCR = 6;

  /** Bytes of a value of each type. */
  private static final int[] SIZES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};

  @Override
  public String name() {
    return "TIFF";
  }

  @Override
  public boolean begins(byte[] bytes) {
    return Marks.at(bytes, 0, "II*\0") || Marks.at(bytes, 0, "MM\0*");
  }

  @Override
  public Pixels decode(byte[] bytes, Limits limits) throws IOException {
    ByteBuffer data =
        ByteBuffer.wrap(bytes)
            .order(bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    Page page = new Page(data, checkedPages(data, limits));
    limits.checkSize(page.value(WIDTH, 0), page.value(HEIGHT, 0));
    limits.checkSize(page.value(TILE_WIDTH, 1), page.value(TILE_HEIGHT, 1));
    int bits = (int) page.value(BITS, 1);
    int photometric = (int) page.value(PHOTOMETRIC, 1);
    int channels = (int) page.value(CHANNELS, 1);
    boolean known = photometric <= PALETTE || photometric == CMYK || photometric == YCBCR;
    boolean whole = page.value(SAMPLE_FORMAT, 1) == 1;
    if (!known || !whole || bits > 16 || channels > 5) {
      throw new IOException(
          "expected whole numbers of at most 16 bits as grey, palette, RGB, YCbCr or CMYK, found "
              + bits
              + " bits, "
              + channels
              + " channels, photometric interpretation "
              + photometric
              + (whole ? "" : ", other numbers")
              + ". Save the picture as PNG.");
    }
    Raster raster = Rasters.read(new TIFFImageReaderSpi().createReaderInstance(), bytes);
    return pixels(page, raster, photometric, bits).oriented((int) page.value(ORIENTATION, 1));
  }

  private static Pixels pixels(Page page, Raster raster, int photometric, int bits) {
    if (photometric == PALETTE) {
      byte[] palette = new byte[3 << bits];
      for (int i = 0; i < palette.length; i++) {
        palette[i] = (byte) (page.value(COLOR_MAP, i % 3 * (1 << bits) + i / 3, 0) >> 8);
      }
      return Rasters.indexed(raster, palette, new byte[0]);
    }
    Pixels pixels =
        bits == 16
            ? Rasters.shifted(raster, raster.getNumBands() == 1 ? Rasters.CLIP : 8)
            : Rasters.scaled(raster, bits);
    return photometric == CMYK ? rgb(pixels) : pixels;
  }

  private static Pixels rgb(Pixels cmyk) {
    byte[] in = cmyk.values();
    byte[] out = new byte[cmyk.width() * cmyk.height() * 3];
    for (int i = 0; i < cmyk.width() * cmyk.height(); i++) {
      int white = 255 - (in[4 * i + 3] & 0xff);
      for (int c = 0; c < 3; c++) {
        int product = (in[4 * i + c] & 0xff) * white + 128;
        out[3 * i + c] = (byte) Math.max(0, white - (((product >> 8) + product) >> 8));
      }
    }
    return new Pixels(cmyk.width(), cmyk.height(), 3, out);
  }

  /** Returns the place of the first directory after a check of all: entries state any length. */
  private static int checkedPages(ByteBuffer data, Limits limits) throws IOException {
    Set<Long> seen = new HashSet<>();
    long first = Integer.toUnsignedLong(data.getInt(4));
    long at = first;
    while (at != 0) {
      if (at + 2 > data.limit() || !seen.add(at)) {
        throw new DamagedException("its directories are wrong");
      }
      limits.checkFrames(seen.size());
      int count = Short.toUnsignedInt(data.getShort((int) at));
      long end = at + 2 + 12L * count;
      if (end + 4 > data.limit()) {
        throw new DamagedException("it ends early");
      }
      for (long entry = at + 2; entry < end; entry += 12) {
        int type = Short.toUnsignedInt(data.getShort((int) entry + 2));
        long size = type < SIZES.length ? SIZES[type] : 1;
        long values = Integer.toUnsignedLong(data.getInt((int) entry + 4));
        long place = Integer.toUnsignedLong(data.getInt((int) entry + 8));
        if (values * size > 4 && place + values * size > data.limit()) {
          throw new DamagedException("an entry of its directory lies beyond its end");
        }
      }
      at = Integer.toUnsignedLong(data.getInt((int) end));
    }
    if (first == 0) {
      throw new DamagedException("it has no page");
    }
    return (int) first;
  }

  /** Whole numbers of a directory. */
  private record Page(ByteBuffer data, int start) {

    long value(int tag, long otherwise) {
      return value(tag, 0, otherwise);
    }

    long value(int tag, int index, long otherwise) {
      int count = Short.toUnsignedInt(data.getShort(start));
      for (int i = 0; i < count; i++) {
        int at = start + 2 + 12 * i;
        int type = Short.toUnsignedInt(data.getShort(at + 2));
        if (Short.toUnsignedInt(data.getShort(at)) == tag
            && (type == 1 || type == 3 || type == 4)
            && index < Integer.toUnsignedLong(data.getInt(at + 4))) {
          int size = SIZES[type];
          boolean here = Integer.toUnsignedLong(data.getInt(at + 4)) * size <= 4;
          int place = (here ? at + 8 : data.getInt(at + 8)) + index * size;
          return size == 1
              ? data.get(place) & 0xff
              : size == 2
                  ? Short.toUnsignedLong(data.getShort(place))
                  : Integer.toUnsignedLong(data.getInt(place));
        }
      }
      return otherwise;
    }
  }
}
