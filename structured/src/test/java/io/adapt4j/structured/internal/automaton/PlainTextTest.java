package io.adapt4j.structured.internal.automaton;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Against the decoder of the JDK. */
class PlainTextTest {

  private static int after(byte... bytes) {
    int state = PlainText.BETWEEN;
    for (byte value : bytes) {
      state = PlainText.after(state, value & 0xFF);
      if (state < PlainText.OTHER || state >= PlainText.states()) {
        throw new AssertionError("state " + state);
      }
    }
    return state;
  }

  private static boolean isPlain(byte... bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes))
          .chars()
          .allMatch(letter -> letter >= ' ' && letter != '"' && letter != '\\');
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  @Test
  void everyCharacterWithoutAnEscapeIsPlain() {
    for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
      if (point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE) {
        byte[] bytes = Character.toString(point).getBytes(StandardCharsets.UTF_8);
        int expected = isPlain(bytes) ? PlainText.BETWEEN : PlainText.OTHER;
        if (after(bytes) != expected) {
          assertThat(after(bytes)).as("U+%04X", point).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void otherBytesAreNoText() {
    byte[] edges = new byte[9];
    int[] values = {0x20, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0};
    for (int i = 0; i < edges.length; i++) {
      edges[i] = (byte) values[i];
    }
    for (int first = 0; first < 256; first++) {
      for (int second = 0; second < 256; second++) {
        check((byte) first, (byte) second);
      }
      for (byte second : edges) {
        for (byte third : edges) {
          check((byte) first, second, third);
          for (byte fourth : edges) {
            check((byte) first, second, third, fourth);
          }
        }
      }
    }
  }

  private static void check(byte... bytes) {
    boolean complete = after(bytes) == PlainText.BETWEEN;
    if (complete != isPlain(bytes)) {
      assertThat(complete).as("%s", ByteBuffer.wrap(bytes)).isEqualTo(isPlain(bytes));
    }
  }

  @Test
  void nothingIsPlainAfterOtherBytes() {
    assertThat(PlainText.after(PlainText.OTHER, 'a')).isEqualTo(PlainText.OTHER);
  }
}
