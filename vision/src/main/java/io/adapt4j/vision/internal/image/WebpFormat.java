package io.adapt4j.vision.internal.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** WebP: the first frame. The reader gets its chunks alone, without profiles and other frames. */
final class WebpFormat implements PictureFormat {

  private static final int ALPHA = 0x10;

  @Override
  public String name() {
    return "WebP";
  }

  @Override
  public boolean begins(byte[] bytes) {
    return Marks.at(bytes, 0, "RIFF") && Marks.at(bytes, 8, "WEBP");
  }

  /** Chunks of the first frame; places and sizes include their headers. */
  private static final class Chunks {
    int canvasWidth;
    int canvasHeight;
    int left;
    int top;
    byte[] alpha = {};
    byte[] pixels = {};
    boolean lossless;
    int orientation = 1;
    int frames;
  }

  @Override
  public Pixels decode(byte[] bytes, Limits limits) throws IOException {
    Chunks chunks = new Chunks();
    read(bytes, 12, bytes.length, chunks, false);
    limits.checkFrames(chunks.frames);
    if (chunks.pixels.length < 18) {
      throw new DamagedException("its pixels are missing");
    }
    ByteBuffer head = ByteBuffer.wrap(chunks.pixels).order(ByteOrder.LITTLE_ENDIAN);
    int packed = head.getInt(9);
    int width = chunks.lossless ? (packed & 0x3fff) + 1 : head.getShort(14) & 0x3fff;
    int height = chunks.lossless ? (packed >> 14 & 0x3fff) + 1 : head.getShort(16) & 0x3fff;
    limits.checkSize(width, height);
    int canvasWidth = chunks.canvasWidth == 0 ? width : chunks.canvasWidth;
    int canvasHeight = chunks.canvasHeight == 0 ? height : chunks.canvasHeight;
    limits.checkSize(canvasWidth, canvasHeight);
    if (chunks.left + width > canvasWidth || chunks.top + height > canvasHeight) {
      throw new DamagedException("a frame lies beyond its canvas");
    }
    Raster raster =
        Rasters.read(new WebPImageReaderSpi().createReaderInstance(), alone(chunks, width, height));
    Pixels frame = Rasters.scaled(raster, 8);
    if (frame.width() != width || frame.height() != height) {
      throw new DamagedException("its sizes disagree");
    }
    return onCanvas(frame, chunks, canvasWidth, canvasHeight).oriented(chunks.orientation);
  }

  private static void read(byte[] bytes, int from, int to, Chunks chunks, boolean inFrame)
      throws IOException {
    ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int at = from;
    while (at + 8 <= to) {
      String type = new String(bytes, at, 4, ISO_8859_1);
      long size = Integer.toUnsignedLong(data.getInt(at + 4));
      if (size > to - at - 8L) {
        throw new DamagedException("it ends early");
      }
      int end = at + 8 + (int) size;
      switch (type) {
        case "VP8X" -> {
          requireSize(size, 10);
          chunks.canvasWidth = (data.getInt(at + 12) & 0xffffff) + 1;
          chunks.canvasHeight = (data.getInt(at + 14) >>> 8) + 1;
        }
        case "ANMF" -> {
          requireSize(size, 16);
          if (chunks.frames++ == 0 && !inFrame) {
            chunks.left = 2 * (data.getInt(at + 8) & 0xffffff);
            chunks.top = 2 * (data.getInt(at + 10) >>> 8);
            read(bytes, at + 24, end, chunks, true);
          }
        }
        case "ALPH" -> chunks.alpha = Arrays.copyOfRange(bytes, at, end);
        case "VP8 ", "VP8L" -> {
          if (chunks.pixels.length == 0) {
            chunks.lossless = type.equals("VP8L");
            chunks.pixels = Arrays.copyOfRange(bytes, at, end);
          }
        }
        case "EXIF" ->
            chunks.orientation = Exif.orientation(Arrays.copyOfRange(bytes, at + 8, end));
        default -> {
          // Profiles, background colors of animations and the like.
        }
      }
      at = end + (int) (size & 1);
    }
  }

  private static void requireSize(long size, int least) throws IOException {
    if (size < least) {
      throw new DamagedException("a chunk is too short");
    }
  }

  private static byte[] alone(Chunks chunks, int width, int height) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    if (chunks.alpha.length > 0 && !chunks.lossless) {
      ByteBuffer header = ByteBuffer.allocate(18).order(ByteOrder.LITTLE_ENDIAN);
      header.put("VP8X".getBytes(ISO_8859_1)).putInt(10).putInt(ALPHA);
      header.putShort((short) (width - 1)).put((byte) 0);
      header.putShort((short) (height - 1)).put((byte) 0);
      body.write(header.array());
      writeEven(body, chunks.alpha);
    }
    writeEven(body, chunks.pixels);
    ByteBuffer file = ByteBuffer.allocate(12 + body.size()).order(ByteOrder.LITTLE_ENDIAN);
    file.put("RIFF".getBytes(ISO_8859_1)).putInt(4 + body.size());
    file.put("WEBP".getBytes(ISO_8859_1)).put(body.toByteArray());
    return file.array();
  }

  private static void writeEven(ByteArrayOutputStream out, byte[] chunk) throws IOException {
    out.write(chunk);
    if (chunk.length % 2 == 1) {
      out.write(0);
    }
  }

  /** Puts a frame on a transparent canvas, if it is smaller. */
  private static Pixels onCanvas(Pixels frame, Chunks chunks, int width, int height) {
    if (frame.width() == width && frame.height() == height) {
      return frame;
    }
    int channels = frame.channels();
    byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(width, height), 4)];
    for (int y = 0; y < frame.height(); y++) {
      for (int x = 0; x < frame.width(); x++) {
        int in = (y * frame.width() + x) * channels;
        int at = ((chunks.top + y) * width + chunks.left + x) * 4;
        System.arraycopy(frame.values(), in, out, at, channels);
        if (channels == 3) {
          out[at + 3] = (byte) 255;
        }
      }
    }
    return new Pixels(width, height, 4, out);
  }
}
