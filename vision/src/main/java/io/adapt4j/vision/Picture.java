package io.adapt4j.vision;

import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.vision.internal.image.PictureReader;
import io.adapt4j.vision.internal.image.Pixels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A picture as models take it: 8-bit RGB values, decoded from PNG, JPEG, TIFF, WebP, GIF or BMP as
 * Pillow decodes them. EXIF orientation is applied, palettes, grey, CMYK and 16-bit values are
 * converted, and alpha is dropped, as Transformers' {@code load_image} does. Of files with several
 * pages or frames the first is read. JPEG values may differ from libjpeg-turbo's by 2 of 255.
 *
 * <p>Immutable and thread-safe. Takes three or four bytes a pixel while it is in use.
 */
public final class Picture {

  /** Longest array. */
  private static final int MOST_BYTES = Integer.MAX_VALUE - 16;

  private final Pixels pixels;

  private Picture(Pixels pixels) {
    this.pixels = pixels;
  }

  /**
   * Reads a file within the default {@link PictureLimits}.
   *
   * @param file the picture
   * @return the decoded picture
   * @throws PictureException if it cannot be read, is damaged, or exceeds a limit
   */
  public static Picture read(Path file) {
    return read(file, PictureLimits.defaults());
  }

  /**
   * Reads a file.
   *
   * @param file the picture
   * @param limits checked before memory is taken
   * @return the decoded picture
   * @throws PictureException if it cannot be read, is damaged, or exceeds a limit
   */
  public static Picture read(Path file, PictureLimits limits) {
    if (!Files.isRegularFile(file)) {
      throw new PictureException(file + ": no such file. Check the path.");
    }
    try {
      limits.internal().checkBytes(Files.size(file));
      return decode(
          file.toString(), BoundedFiles.read(file, Math.min(limits.bytes(), MOST_BYTES)), limits);
    } catch (IOException e) {
      throw new PictureException(
          file + ": " + Objects.requireNonNullElse(e.getMessage(), "reading failed: " + e), e);
    }
  }

  /**
   * Decodes the bytes of a picture's file within the default {@link PictureLimits}.
   *
   * @param bytes content of a file
   * @return the decoded picture
   * @throws PictureException if they are damaged or exceed a limit
   */
  public static Picture of(byte[] bytes) {
    return of("picture", bytes, PictureLimits.defaults());
  }

  /**
   * Decodes the bytes of a picture's file.
   *
   * @param name names the picture in errors
   * @param bytes content of a file
   * @param limits checked before memory is taken
   * @return the decoded picture
   * @throws PictureException if they are damaged or exceed a limit
   */
  public static Picture of(String name, byte[] bytes, PictureLimits limits) {
    try {
      return decode(name, bytes, limits);
    } catch (IOException e) {
      throw new PictureException(
          name + ": " + Objects.requireNonNullElse(e.getMessage(), "decoding failed: " + e), e);
    }
  }

  /**
   * Creates a picture from values, such as a rendered page.
   *
   * @param width pixels in a row
   * @param height number of rows
   * @param rgb red, green and blue of each pixel, row by row; copied
   * @return the picture
   * @throws IllegalArgumentException if the number of values is not {@code width * height * 3}
   */
  public static Picture ofRgb(int width, int height, byte[] rgb) {
    return new Picture(new Pixels(width, height, 3, rgb.clone()));
  }

  /** {@return pixels in a row, after the EXIF orientation was applied} */
  public int width() {
    return pixels.width();
  }

  /** {@return number of rows, after the EXIF orientation was applied} */
  public int height() {
    return pixels.height();
  }

  /**
   * Returns a copy of the values.
   *
   * @return red, green and blue of each pixel, row by row
   */
  public byte[] rgb() {
    return pixels.channels() == 3 ? pixels.values().clone() : pixels.rgb().values();
  }

  /**
   * Blends transparent pixels over white instead of dropping alpha.
   *
   * @return this picture if it has no alpha, else a new one
   */
  public Picture overWhite() {
    return pixels.channels() % 2 == 1 ? this : new Picture(pixels.overWhite());
  }

  Pixels pixels() {
    return pixels;
  }

  private static Picture decode(String name, byte[] bytes, PictureLimits limits)
      throws IOException {
    Objects.requireNonNull(name, "name");
    return new Picture(PictureReader.read(bytes, limits.internal()));
  }
}
