package io.adapt4j.vision.internal.image;

import java.io.IOException;
import java.util.List;
import java.util.Objects;

/**
 * Decodes pictures to the values that Pillow gives, transposed by their EXIF orientation. Only the
 * first page or frame is read.
 */
public final class PictureReader {

  private static final List<PictureFormat> FORMATS =
      List.of(
          new JpegFormat(),
          new PngFormat(),
          new TiffFormat(),
          new WebpFormat(),
          new GifFormat(),
          new BmpFormat());

  private PictureReader() {}

  /**
   * Decodes a file's bytes.
   *
   * @throws IOException if they are no picture that can be read or exceed a limit; the message
   *     names the cause and the remedy
   */
  public static Pixels read(byte[] bytes, Limits limits) throws IOException {
    limits.checkBytes(bytes.length);
    for (PictureFormat format : FORMATS) {
      if (format.begins(bytes)) {
        return decoded(format, bytes, limits);
      }
    }
    throw new IOException(
        "expected a PNG, JPEG, TIFF, WebP, GIF or BMP picture, found "
            + (bytes.length == 0 ? "an empty file" : "other content")
            + ". Save the picture in one of these formats.");
  }

  @SuppressWarnings("CatchingUnchecked") // decoders answer damage with all kinds of exceptions
  private static Pixels decoded(PictureFormat format, byte[] bytes, Limits limits)
      throws IOException {
    try {
      return format.decode(bytes, limits);
    } catch (DamagedException e) {
      throw new IOException(
          "the "
              + format.name()
              + " data are damaged: "
              + e.getMessage()
              + ". Fetch or save it again.",
          e);
    } catch (OutOfMemoryError e) {
      throw new IOException(
          "not enough memory to decode the "
              + format.name()
              + " data. Reduce the picture, or give the JVM more memory (-Xmx).",
          e);
    } catch (RuntimeException e) {
      throw new IOException(
          "the "
              + format.name()
              + " data are damaged or of a kind that is not read: "
              + Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName())
              + ". Save the picture again, for example as PNG.",
          e);
    }
  }
}
