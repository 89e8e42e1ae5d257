package io.adapt4j.vision.internal.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.awt.image.DataBufferByte;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.util.Iterator;
import java.util.Objects;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** Values of ImageIO's rasters, read without any conversion of colors. */
final class Rasters {

  /** Clips values above 255 instead of shifting them. */
  static final int CLIP = -1;

  private static final String PLATFORM = "com.sun.imageio.plugins.";

  private Rasters() {}

  /** Returns the JDK's reader of a format. */
  static ImageReader platform(String format) throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
    while (readers.hasNext()) {
      ImageReader reader = readers.next();
      if (reader.getClass().getName().startsWith(PLATFORM)) {
        return reader;
      }
      reader.dispose();
    }
    throw new IOException(
        "this JDK reads no " + format + " pictures. Add the module java.desktop.");
  }

  /** Reads the first image of a file. */
  static Raster read(ImageReader reader, byte[] bytes) throws IOException {
    try (ImageInputStream in = new ByteArrayImageInputStream(bytes)) {
      reader.setInput(in, true, true);
      return reader.getClass().getName().startsWith(PLATFORM + "jpeg.")
          ? reader.readRaster(0, null)
          : reader.read(0, null).getRaster();
    } catch (IOException e) {
      throw new DamagedException(
          Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName()), e);
    } finally {
      reader.dispose();
    }
  }

  /** Brings values of less than 8 bits to the range of 8, as Pillow does. */
  static Pixels scaled(Raster raster, int depth) {
    int channels = raster.getNumBands();
    int width = raster.getWidth();
    int height = raster.getHeight();
    byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(width, height), channels)];
    if (depth == 8
        && raster.getDataBuffer() instanceof DataBufferByte data
        && raster.getSampleModel() instanceof PixelInterleavedSampleModel model
        && model.getPixelStride() == channels
        && data.getNumBanks() == 1
        && raster.getSampleModelTranslateX() == 0
        && raster.getSampleModelTranslateY() == 0) {
      interleaved(data.getData(), data.getOffset(), model, out, width, height);
      return new Pixels(width, height, channels, out);
    }
    int scale = 255 / ((1 << depth) - 1);
    int[] row = new int[width * channels];
    for (int y = 0, at = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int value : row) {
        out[at++] = (byte) (value * scale);
      }
    }
    return new Pixels(width, height, channels, out);
  }

  private static void interleaved(
      byte[] data,
      int start,
      PixelInterleavedSampleModel model,
      byte[] out,
      int width,
      int height) {
    int[] offsets = model.getBandOffsets();
    int channels = offsets.length;
    for (int y = 0, at = 0; y < height; y++) {
      int in = start + y * model.getScanlineStride();
      for (int x = 0; x < width; x++, in += channels) {
        for (int c = 0; c < channels; c++) {
          out[at++] = data[in + offsets[c]];
        }
      }
    }
  }

  /** Brings values of 16 bits to 8. */
  static Pixels shifted(Raster raster, int shift) {
    int channels = raster.getNumBands();
    int width = raster.getWidth();
    int height = raster.getHeight();
    byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(width, height), channels)];
    int[] row = new int[width * channels];
    for (int y = 0, at = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int value : row) {
        out[at++] = (byte) (shift == CLIP ? Math.min(value, 255) : value >> shift);
      }
    }
    return new Pixels(width, height, channels, out);
  }

  /** Looks up the colors of a palette. */
  static Pixels indexed(Raster raster, byte[] palette, byte[] alpha) {
    int channels = alpha.length == 0 ? 3 : 4;
    byte[] colors = new byte[256 * channels];
    for (int i = 0; i < 256; i++) {
      for (int c = 0; c < 3; c++) {
        colors[i * channels + c] = 3 * i + c < palette.length ? palette[3 * i + c] : (byte) i;
      }
      if (channels == 4) {
        colors[i * channels + 3] = i < alpha.length ? alpha[i] : (byte) 255;
      }
    }
    int width = raster.getWidth();
    int height = raster.getHeight();
    byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(width, height), channels)];
    int[] row = new int[width];
    for (int y = 0, at = 0; y < height; y++) {
      raster.getSamples(raster.getMinX(), raster.getMinY() + y, width, 1, 0, row);
      for (int index : row) {
        System.arraycopy(colors, (index & 0xff) * channels, out, at, channels);
        at += channels;
      }
    }
    return new Pixels(width, height, channels, out);
  }
}
