package io.adapt4j.vision.internal.image;

import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * JPEG. The JDK's decoder gives the stored components; colors are computed as libjpeg computes
 * them. Comments, profiles and thumbnails are kept from it.
 */
final class JpegFormat implements PictureFormat {

  /** Scans of a progressive picture; encoders write about 10, and each costs a whole pass. */
  private static final int MOST_SCANS = 100;

  private static final int HALF = 1 << 15;

  @Override
  public String name() {
    return "JPEG";
  }

  @Override
  public boolean begins(byte[] bytes) {
    return bytes.length > 2
        && (bytes[0] & 0xff) == 0xff
        && (bytes[1] & 0xff) == 0xd8
        && (bytes[2] & 0xff) == 0xff;
  }

  private static final class Segments {
    final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    byte[] frame = {};
    boolean jfif;
    int adobe = -1;
    int orientation = 1;
    int scans;
  }

  @Override
  public Pixels decode(byte[] bytes, Limits limits) throws IOException {
    Segments segments = segments(bytes, limits);
    if (segments.scans == 0) {
      throw new DamagedException("its pixels are missing");
    }
    Raster raster = Rasters.read(Rasters.platform("jpeg"), segments.kept.toByteArray());
    Pixels stored = Rasters.scaled(raster, 8);
    byte[] values = stored.values();
    int count = stored.width() * stored.height();
    int channels = raster.getNumBands();
    if (channels == 1) {
      return stored.oriented(segments.orientation);
    }
    if (channels == 2) {
      throw new IOException("expected 1, 3 or 4 components, found 2. Save the picture as PNG.");
    }
    boolean luma = channels == 3 ? isYcc(segments) : segments.adobe == 2;
    if (luma) {
      toRgb(values, count, channels);
    }
    if (channels == 3) {
      return stored.oriented(segments.orientation);
    }
    return new Pixels(stored.width(), stored.height(), 3, cmyk(values, count, luma))
        .oriented(segments.orientation);
  }

  /** Guesses the color space of three components as libjpeg does. */
  private static boolean isYcc(Segments segments) {
    if (segments.jfif) {
      return true;
    }
    if (segments.adobe >= 0) {
      return segments.adobe != 0;
    }
    byte[] frame = segments.frame;
    return !(frame[6] == 'R' && frame[9] == 'G' && frame[12] == 'B');
  }

  private static void toRgb(byte[] values, int count, int channels) {
    for (int i = 0, at = 0; i < count; i++, at += channels) {
      int y = values[at] & 0xff;
      int cb = (values[at + 1] & 0xff) - 128;
      int cr = (values[at + 2] & 0xff) - 128;
      values[at] = clamp(y + ((91881 * cr + HALF) >> 16));
      values[at + 1] = clamp(y + ((-22554 * cb - 46802 * cr + HALF) >> 16));
      values[at + 2] = clamp(y + ((116130 * cb + HALF) >> 16));
    }
  }

  /** Converts as Pillow, which takes four components for inverted, whatever the file says. */
  private static byte[] cmyk(byte[] values, int count, boolean luma) {
    byte[] out = new byte[Math.multiplyExact(count, 3)];
    for (int i = 0; i < count; i++) {
      int white = values[4 * i + 3] & 0xff;
      for (int c = 0; c < 3; c++) {
        int stored = values[4 * i + c] & 0xff;
        int ink = luma ? stored : 255 - stored;
        int product = ink * white + 128;
        out[3 * i + c] = clamp(white - (((product >> 8) + product) >> 8));
      }
    }
    return out;
  }

  private static byte clamp(int value) {
    return (byte) Math.max(0, Math.min(255, value));
  }

  private static Segments segments(byte[] bytes, Limits limits) throws IOException {
    Segments segments = new Segments();
    segments.kept.write(bytes, 0, 2);
    int at = 2;
    while (at < bytes.length) {
      if ((bytes[at] & 0xff) != 0xff) {
        // Entropy-coded data, or bytes between segments that decoders skip.
        int end = nextMarker(bytes, at);
        segments.kept.write(bytes, at, end - at);
        at = end;
        continue;
      }
      int marker = at + 1 < bytes.length ? bytes[at + 1] & 0xff : 0xff;
      if (marker == 0xff) {
        at++;
        continue;
      }
      if (marker == 0xd9) {
        segments.kept.write(0xff);
        segments.kept.write(0xd9);
        return segments;
      }
      if (marker == 0 || marker == 1 || (marker >= 0xd0 && marker <= 0xd8)) {
        segments.kept.write(bytes, at, 2);
        at += 2;
        continue;
      }
      int length = at + 3 < bytes.length ? word(bytes, at + 2) : -1;
      if (length < 2 || at + 2 + length > bytes.length) {
        throw new DamagedException("it ends early");
      }
      take(segments, marker, Arrays.copyOfRange(bytes, at + 4, at + 2 + length), limits);
      if (marker < 0xe0 || (marker == 0xe0 && segments.jfif) || marker == 0xee) {
        segments.kept.write(bytes, at, 2 + length);
      }
      at += 2 + length;
    }
    throw new DamagedException("it ends early");
  }

  private static int word(byte[] bytes, int at) {
    return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
  }

  private static int nextMarker(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && (bytes[at] & 0xff) != 0xff) {
      at++;
    }
    return at;
  }

  private static void take(Segments segments, int marker, byte[] content, Limits limits)
      throws IOException {
    boolean frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame) {
      takeFrame(segments, marker, content, limits);
    } else if (marker == 0xda && ++segments.scans > MOST_SCANS) {
      throw new DamagedException("it has more than " + MOST_SCANS + " scans");
    } else if (marker == 0xe0 && Marks.at(content, 0, "JFIF\0")) {
      segments.jfif = true;
    } else if (marker == 0xe1 && Marks.at(content, 0, "Exif\0\0")) {
      segments.orientation = Exif.orientation(content);
    } else if (marker == 0xee && content.length >= 12 && Marks.at(content, 0, "Adobe")) {
      segments.adobe = content[11] & 0xff;
    }
  }

  private static void takeFrame(Segments segments, int marker, byte[] content, Limits limits)
      throws IOException {
    if (marker > 0xc2) {
      throw new IOException(
          "lossless, hierarchical and arithmetic JPEG are not read. Save the picture as PNG.");
    }
    if (segments.frame.length > 0 || content.length < 6 || content.length < 6 + 3 * content[5]) {
      throw new DamagedException("its header is wrong");
    }
    if (content[0] != 8) {
      throw new IOException(
          "expected 8 bits a component, found " + content[0] + ". Save the picture as PNG.");
    }
    limits.checkSize(word(content, 3), word(content, 1));
    segments.frame = content;
  }
}
