package io.adapt4j.vision.internal.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;

/** Recognizes bytes at a position. */
final class Marks {

  private Marks() {}

  static boolean at(byte[] bytes, int position, byte[] mark) {
    return bytes.length >= position + mark.length
        && Arrays.equals(bytes, position, position + mark.length, mark, 0, mark.length);
  }

  static boolean at(byte[] bytes, int position, String mark) {
    return at(bytes, position, mark.getBytes(ISO_8859_1));
  }
}
