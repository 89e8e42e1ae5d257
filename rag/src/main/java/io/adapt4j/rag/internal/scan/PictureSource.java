package io.adapt4j.rag.internal.scan;

import io.adapt4j.vision.Picture;
import io.adapt4j.vision.PictureLimits;
import java.awt.image.BufferedImage;
import java.io.IOException;

/** A file of one picture, such as PNG or JPEG, read by the module for vision. */
public final class PictureSource implements PageSource {

  private final String name;
  private final byte[] bytes;

  private PictureSource(String name, byte[] bytes) {
    this.name = name;
    this.bytes = bytes;
  }

  /**
   * Creates a source.
   *
   * @throws NoClassDefFoundError if the module for vision is not on the class path
   */
  public static PictureSource of(String name, byte[] bytes) {
    // Not left to a later thread.
    PictureLimits.defaults();
    return new PictureSource(name, bytes);
  }

  @Override
  public int count() {
    return 1;
  }

  @Override
  public byte[] png(int index, int mostPixels) throws IOException {
    Picture picture = Picture.of(name, bytes, PictureLimits.defaults()).overWhite();
    byte[] rgb = picture.rgb();
    BufferedImage image =
        new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
    int[] pixels = new int[picture.width() * picture.height()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | (rgb[3 * i + 2] & 255);
    }
    image.setRGB(0, 0, picture.width(), picture.height(), pixels, 0, picture.width());
    return PagePng.encode(image, mostPixels);
  }
}
