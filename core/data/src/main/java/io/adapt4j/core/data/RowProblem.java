package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.UnpairedSurrogates;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Thrown for a malformed row. The message includes the remedy but not the file and line. */
final class RowProblem extends Exception {

  private static final long serialVersionUID = 1L;
  private static final int LONGEST_QUOTE = 60;

  RowProblem(String message) {
    super(message, null, false, false);
  }

  /** Returns a text, shortened to fit into a message. */
  static String quote(String text) {
    String stripped = text.strip();
    return stripped.length() <= LONGEST_QUOTE
        ? stripped
        : stripped.substring(0, LONGEST_QUOTE) + "...";
  }

  static String quote(JsonNode value) {
    return value.isMissingNode() ? "nothing" : quote(value.toString());
  }

  static String decodeUtf8(byte[] bytes, int start, int length) throws RowProblem {
    ByteBuffer buffer = ByteBuffer.wrap(bytes, start, length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(buffer).toString();
    } catch (CharacterCodingException e) {
      throw new RowProblem(
          "expected UTF-8, found other bytes at byte "
              + (buffer.position() + 1)
              + " of the line. Set encoding to what the file is in, such as windows-1252 for CSV"
              + " that Excel saved, or convert the file to UTF-8.");
    }
  }

  static void requireUnicode(String field, String text) throws RowProblem {
    int surrogate = UnpairedSurrogates.indexIn(text);
    if (surrogate >= 0) {
      throw new RowProblem(
          String.format(
              "field '%s': expected valid Unicode, found the unpaired surrogate U+%04X at"
                  + " character %d. Check how the text was cut.",
              field, (int) text.charAt(surrogate), surrogate));
    }
  }
}
