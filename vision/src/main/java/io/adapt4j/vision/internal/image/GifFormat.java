package io.adapt4j.vision.internal.image;

import java.awt.image.Raster;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.ImageReader;

/** GIF: the first frame on its screen. */
final class GifFormat implements PictureFormat {

  @Override
  public String name() {
    return "GIF";
  }

  @Override
  public boolean begins(byte[] bytes) {
    return Marks.at(bytes, 0, "GIF87a") || Marks.at(bytes, 0, "GIF89a");
  }

  /** Header of the first frame, and the number of frames. */
  private static final class Frames {
    int transparent = -1;
    int left;
    int top;
    int width;
    int height;
    byte[] palette = {};
    int count;
  }

  @Override
  public Pixels decode(byte[] bytes, Limits limits) throws IOException {
    Frames frames;
    try {
      frames = frames(bytes);
    } catch (ArrayIndexOutOfBoundsException e) {
      throw new DamagedException("it ends early", e);
    }
    if (frames.count == 0) {
      throw new DamagedException("it has no frame");
    }
    int width = Math.max(word(bytes, 6), frames.left + frames.width);
    int height = Math.max(word(bytes, 8), frames.top + frames.height);
    limits.checkSize(frames.width, frames.height);
    limits.checkSize(width, height);
    limits.checkFrames(frames.count);
    ImageReader reader = Rasters.platform("gif");
    Raster raster = Rasters.read(reader, bytes);
    byte[] alpha = {};
    if (frames.transparent >= 0) {
      alpha = new byte[256];
      Arrays.fill(alpha, (byte) 255);
      alpha[frames.transparent] = 0;
    }
    Pixels frame = Rasters.indexed(raster, frames.palette, alpha);
    return onScreen(frame, frames, width, height, alpha);
  }

  private static Pixels onScreen(Pixels frame, Frames frames, int width, int height, byte[] alpha) {
    if (frame.width() == width && frame.height() == height) {
      return frame;
    }
    int channels = frame.channels();
    byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(width, height), channels)];
    int outside = Math.max(0, frames.transparent);
    byte[] color = new byte[channels];
    for (int c = 0; c < 3; c++) {
      int at = 3 * outside + c;
      color[c] = at < frames.palette.length ? frames.palette[at] : (byte) outside;
    }
    if (channels == 4) {
      color[3] = alpha[outside];
    }
    for (int i = 0; i < width * height; i++) {
      System.arraycopy(color, 0, out, i * channels, channels);
    }
    int row = frame.width() * channels;
    for (int y = 0; y < frame.height(); y++) {
      int at = ((frames.top + y) * width + frames.left) * channels;
      System.arraycopy(frame.values(), y * row, out, at, row);
    }
    return new Pixels(width, height, channels, out);
  }

  private static Frames frames(byte[] bytes) throws IOException {
    Frames frames = new Frames();
    int flags = bytes[10];
    int at = 13;
    byte[] global = {};
    if ((flags & 0x80) != 0) {
      int end = at + (3 << ((flags & 7) + 1));
      global = palette(bytes, at, end);
      at = end;
    }
    int transparent = -1;
    while (at < bytes.length && bytes[at] != 0x3b) {
      if (bytes[at] == 0x21) {
        if ((bytes[at + 1] & 0xff) == 0xf9 && bytes[at + 2] == 4) {
          transparent = (bytes[at + 3] & 1) != 0 ? bytes[at + 6] & 0xff : -1;
        }
        at = afterBlocks(bytes, at + 2);
      } else if (bytes[at] == 0x2c) {
        int local = bytes[at + 9];
        int start = at + 10;
        int end = (local & 0x80) != 0 ? start + (3 << ((local & 7) + 1)) : start;
        if (frames.count++ == 0) {
          frames.left = word(bytes, at + 1);
          frames.top = word(bytes, at + 3);
          frames.width = word(bytes, at + 5);
          frames.height = word(bytes, at + 7);
          frames.transparent = transparent;
          frames.palette = end > start ? palette(bytes, start, end) : global;
        }
        at = afterBlocks(bytes, end + 1);
      } else {
        throw new DamagedException("it has an unknown block");
      }
    }
    return frames;
  }

  private static byte[] palette(byte[] bytes, int from, int to) throws IOException {
    if (to > bytes.length) {
      throw new DamagedException("it ends early");
    }
    return Arrays.copyOfRange(bytes, from, to);
  }

  private static int afterBlocks(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && bytes[at] != 0) {
      at += 1 + (bytes[at] & 0xff);
    }
    return at + 1;
  }

  private static int word(byte[] bytes, int at) {
    return (bytes[at] & 0xff) | (bytes[at + 1] & 0xff) << 8;
  }
}
