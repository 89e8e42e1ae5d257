package io.adapt4j.rag.internal.scan;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** The pages of a TIFF file. */
public final class TiffSource implements PageSource {

  /** Maximum number of pixels of a page as it is stored. */
  private static final long MOST_PIXELS = 64L << 20;

  /** Work on an open file. */
  @FunctionalInterface
  private interface Work<T> {
    T on(ImageReader reader) throws IOException;
  }

  private final byte[] bytes;

  /** Creates a source. The bytes are not copied. */
  public TiffSource(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public int count() throws IOException {
    return read(reader -> reader.getNumImages(true));
  }

  @Override
  public byte[] png(int index, int mostPixels) throws IOException {
    return read(reader -> PagePng.encode(page(reader, index), mostPixels));
  }

  private static BufferedImage page(ImageReader reader, int index) throws IOException {
    long pixels = (long) reader.getWidth(index) * reader.getHeight(index);
    if (pixels > MOST_PIXELS) {
      throw new IOException("expected at most " + MOST_PIXELS + " pixels, found " + pixels);
    }
    return reader.read(index);
  }

  private <T> T read(Work<T> work) throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("tiff");
    ImageReader reader = readers.next();
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      reader.setInput(in);
      return work.on(reader);
    } finally {
      reader.dispose();
    }
  }
}
