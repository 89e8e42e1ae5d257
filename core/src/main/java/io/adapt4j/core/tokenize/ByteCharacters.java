package io.adapt4j.core.tokenize;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The characters that stand for bytes in byte-level vocabularies, as GPT-2 introduced them. */
final class ByteCharacters {

  /** The characters above those of Latin-1 stand for the bytes that have no visible one. */
  private static final int[] BYTES = new int[512];

  static {
    Arrays.fill(BYTES, -1);
    int next = 256;
    for (int value = 0; value < 256; value++) {
      BYTES[isVisible(value) ? value : next++] = value;
    }
  }

  private ByteCharacters() {}

  private static boolean isVisible(int value) {
    return (value >= '!' && value <= '~')
        || (value >= 0xA1 && value <= 0xAC)
        || (value >= 0xAE && value <= 0xFF);
  }

  /** The bytes of a token; those of its characters where one of them stands for no byte. */
  static byte[] bytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char character = token.charAt(i);
      int value = character < BYTES.length ? BYTES[character] : -1;
      if (value < 0) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) value;
    }
    return bytes;
  }
}
