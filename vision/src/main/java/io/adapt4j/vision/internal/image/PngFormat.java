package io.adapt4j.vision.internal.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * PNG. The JDK's reader gets only the chunks that hold pixels: it would inflate texts and profiles
 * of any size, and apply transparency otherwise than Pillow.
 */
final class PngFormat implements PictureFormat {

  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final int MOST_CHUNK = Integer.MAX_VALUE - 12;

  @Override
  public String name() {
    return "PNG";
  }

  @Override
  public boolean begins(byte[] bytes) {
    return Marks.at(bytes, 0, SIGNATURE);
  }

  private static final class Chunks {
    final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    byte[] header = {};
    byte[] palette = {};
    byte[] transparency = {};
    int orientation = 1;
  }

  @Override
  public Pixels decode(byte[] bytes, Limits limits) throws IOException {
    Chunks chunks = chunks(bytes);
    if (chunks.header.length != 13) {
      throw new DamagedException("it has no header");
    }
    ByteBuffer header = ByteBuffer.wrap(chunks.header);
    int depth = header.get(8);
    int type = header.get(9);
    limits.checkSize(
        Integer.toUnsignedLong(header.getInt(0)), Integer.toUnsignedLong(header.getInt(4)));
    if (type == 3 && chunks.palette.length == 0) {
      throw new DamagedException("its palette is missing");
    }
    Raster raster = Rasters.read(Rasters.platform("png"), chunks.kept.toByteArray());
    Pixels pixels =
        type == 3
            ? Rasters.indexed(raster, chunks.palette, chunks.transparency)
            : direct(raster, type, depth, chunks.transparency);
    return pixels.oriented(chunks.orientation);
  }

  private static Pixels direct(Raster raster, int type, int depth, byte[] transparency) {
    // Grey of 16 bits is clipped by Pillow; other values of 16 bits lose their lower byte.
    Pixels pixels =
        depth == 16
            ? Rasters.shifted(raster, type == 0 ? Rasters.CLIP : 8)
            : Rasters.scaled(raster, depth);
    boolean keyed =
        (type == 0 && transparency.length == 2) || (type == 2 && transparency.length == 6);
    return keyed ? keyed(pixels, raster, transparency) : pixels;
  }

  /** Adds alpha 0 where a pixel has the color that the file calls transparent. */
  private static Pixels keyed(Pixels pixels, Raster raster, byte[] transparency) {
    int channels = pixels.channels();
    int width = pixels.width();
    byte[] out = new byte[width * pixels.height() * (channels + 1)];
    int[] row = new int[width * channels];
    int[] key = new int[channels];
    for (int c = 0; c < channels; c++) {
      key[c] = (transparency[2 * c] & 0xff) << 8 | (transparency[2 * c + 1] & 0xff);
    }
    int at = 0;
    for (int y = 0; y < pixels.height(); y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int x = 0; x < width; x++) {
        boolean equal = true;
        for (int c = 0; c < channels; c++) {
          out[at++] = pixels.values()[(y * width + x) * channels + c];
          equal &= row[x * channels + c] == key[c];
        }
        out[at++] = (byte) (equal ? 0 : 255);
      }
    }
    return new Pixels(width, pixels.height(), channels + 1, out);
  }

  private static Chunks chunks(byte[] bytes) throws IOException {
    Chunks chunks = new Chunks();
    DataOutputStream kept = new DataOutputStream(chunks.kept);
    kept.write(SIGNATURE);
    ByteBuffer in = ByteBuffer.wrap(bytes).position(SIGNATURE.length);
    boolean ended = false;
    boolean data = false;
    while (!ended) {
      if (in.remaining() < 12) {
        throw new DamagedException(data ? "it ends early" : "its pixels are missing");
      }
      long length = Integer.toUnsignedLong(in.getInt());
      if (length > Math.min(MOST_CHUNK, in.remaining() - 8L)) {
        throw new DamagedException("it ends early");
      }
      int start = in.position();
      String type = new String(bytes, start, 4, ISO_8859_1);
      byte[] content = Arrays.copyOfRange(bytes, start + 4, start + 4 + (int) length);
      in.position(start + 4 + (int) length);
      int stated = in.getInt();
      boolean critical = Character.isUpperCase(type.charAt(0));
      CRC32 crc = new CRC32();
      crc.update(bytes, start, 4 + (int) length);
      if (critical && (int) crc.getValue() != stated) {
        throw new DamagedException("the checksum of its chunk " + type + " is wrong");
      }
      switch (type) {
        case "IHDR" -> chunks.header = content;
        case "PLTE" -> chunks.palette = content;
        case "tRNS" -> chunks.transparency = content;
        case "eXIf" -> chunks.orientation = Exif.orientation(content);
        case "IDAT" -> data = true;
        case "IEND" -> ended = true;
        default -> {
          // Texts, times, profiles and the like.
        }
      }
      if (critical) {
        kept.writeInt((int) length);
        kept.write(bytes, start, 8 + (int) length);
      }
    }
    return chunks;
  }
}
