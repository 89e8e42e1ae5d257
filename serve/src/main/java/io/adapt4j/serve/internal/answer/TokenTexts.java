package io.adapt4j.serve.internal.answer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.tokenize.TextStream;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Tokens as texts and bytes. A text is the token within a sentence, with a leading space if it has
 * one, and U+FFFD if its bytes are a part of a character.
 */
final class TokenTexts {

  private static final char REPLACEMENT = '\uFFFD';
  private static final Pattern BYTE = Pattern.compile("<0x([0-9A-Fa-f]{2})>");

  private final Tokenizer tokenizer;
  private final int[] before;

  TokenTexts(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.before = tokenizer.encode("a", false);
  }

  String text(int id) {
    TextStream stream = tokenizer.stream(false, before);
    return stream.push(id) + stream.finish();
  }

  /** The bytes of a token, which may be a part of a character. */
  ArrayNode bytes(int id) {
    String text = text(id);
    byte[] bytes =
        text.indexOf(REPLACEMENT) < 0
            ? text.getBytes(StandardCharsets.UTF_8)
            : bytesOfSpelling(tokenizer.token(id));
    ArrayNode numbers = JsonNodeFactory.instance.arrayNode();
    for (byte value : bytes) {
      numbers.add(value & 0xFF);
    }
    return numbers;
  }

  /** Vocabularies spell bytes either as numbers or, as in GPT-2, as separate characters. */
  private static byte[] bytesOfSpelling(String spelling) {
    if (BYTE.matcher(spelling).matches()) {
      return new byte[] {(byte) Integer.parseInt(spelling.substring(3, 5), 16)};
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < spelling.length(); i++) {
      int value = ofCharacter(spelling.charAt(i));
      if (value < 0) {
        return spelling.getBytes(StandardCharsets.UTF_8);
      }
      bytes.write(value);
    }
    return bytes.toByteArray();
  }

  /**
   * The byte that a character represents: its own code if it is visible, else that of a character
   * from U+0100 on.
   */
  private static int ofCharacter(char character) {
    if (isSeen(character)) {
      return character;
    }
    int place = character - 0x100;
    for (int value = 0; value < 0x100; value++) {
      if (!isSeen(value) && place-- == 0) {
        return value;
      }
    }
    return -1;
  }

  private static boolean isSeen(int value) {
    return (value >= '!' && value <= '~')
        || (value >= 0xA1 && value <= 0xAC)
        || (value >= 0xAE && value <= 0xFF);
  }
}
