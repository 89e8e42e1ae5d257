package io.adapt4j.core.tokenize;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The characters that represent bytes in byte-level vocabularies, as introduced by GPT-2. */
final class ByteCharacters {

  /** Bytes without a visible Latin-1 character are represented by characters above Latin-1. */
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

  /** Returns the bytes of a token, or its UTF-8 if one of its characters represents no byte. */
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
