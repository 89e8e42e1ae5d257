package io.adapt4j.core.data.quality;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds and repairs traces of wrong encodings. UTF-8 that was read as Windows-1252 (or Latin-1)
 * contains sequences whose bytes are valid multi-byte UTF-8.
 */
final class EncodingDamage {

  private static final char REPLACEMENT = '\uFFFD';
  private static final Map<Character, Byte> BYTES = bytes();

  private EncodingDamage() {}

  /**
   * Returns the byte of every character from 0x80 on; those undefined in Windows-1252 are as in
   * Latin-1.
   */
  private static Map<Character, Byte> bytes() {
    Map<Character, Byte> bytes = new HashMap<>();
    Charset windows = Charset.forName("windows-1252");
    for (int b = 0x80; b <= 0xFF; b++) {
      bytes.put((char) b, (byte) b);
      char shown = new String(new byte[] {(byte) b}, windows).charAt(0);
      if (shown != REPLACEMENT) {
        bytes.put(shown, (byte) b);
      }
    }
    return bytes;
  }

  /** Describes the damage in words; empty if there is none. */
  static String find(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == REPLACEMENT) {
        return "a replacement character U+FFFD at character " + i;
      }
      if (isControl(c)) {
        return String.format("a control character U+%04X at character %d", (int) c, i);
      }
      int length = mojibake(text, i);
      if (length > 0) {
        return String.format(
            "'%s' at character %d, which seems to be '%s' in the wrong encoding",
            text.substring(i, i + length), i, decoded(text, i, length));
      }
    }
    return "";
  }

  static String withoutControls(String text) {
    StringBuilder kept = new StringBuilder(text.length());
    text.chars().filter(c -> !isControl((char) c)).forEach(c -> kept.append((char) c));
    return kept.toString();
  }

  /** Returns the text with mojibake repaired. */
  static String repaired(String text) {
    StringBuilder repaired = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); ) {
      int length = mojibake(text, i);
      if (length > 0) {
        repaired.append(decoded(text, i, length));
        i += length;
      } else {
        repaired.append(text.charAt(i++));
      }
    }
    return repaired.toString();
  }

  private static boolean isControl(char c) {
    return (c < ' ' && c != '\n' && c != '\t' && c != '\r') || c == 0x7F;
  }

  /** Returns the number of characters from a position that form one UTF-8 character; 0 if none. */
  private static int mojibake(String text, int start) {
    if (text.charAt(start) < 0xC2) {
      return 0;
    }
    int lead = BYTES.getOrDefault(text.charAt(start), (byte) 0) & 0xFF;
    int length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    return length > 0 && start + length <= text.length() && !decoded(text, start, length).isEmpty()
        ? length
        : 0;
  }

  private static String decoded(String text, int start, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      Byte b = BYTES.get(text.charAt(start + i));
      if (b == null) {
        return "";
      }
      bytes[i] = b;
    }
    try {
      String decoded =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return decoded.codePointCount(0, decoded.length()) == 1 && !isC1(decoded.charAt(0))
          ? decoded
          : "";
    } catch (CharacterCodingException e) {
      return "";
    }
  }

  private static boolean isC1(char c) {
    return c >= 0x80 && c < 0xA0;
  }
}
