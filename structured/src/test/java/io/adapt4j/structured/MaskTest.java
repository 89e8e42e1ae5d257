package io.adapt4j.structured;

import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.TokenMask;
import io.adapt4j.core.tokenize.TokenBytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tokens may follow. */
class MaskTest {

  private static final String[] PIECES =
      split(
          "|",
          "{\"|\":|\":\"|\",\"|\"}|a|ab|abc|b\"|\"a\"|12|1,|}|]|größ|ü\"|\u20ac|true|tr|ue",
          "{\"a\":|{\"a\":\"|<tool_call>|<tool|_call>");

  private static final TokenBytes TOKENS = Walk.withPieces(PIECES);

  private static int token(String text) {
    for (int id = 257; id < TOKENS.size(); id++) {
      if (new String(TOKENS.bytes(id), StandardCharsets.UTF_8).equals(text)) {
        return id;
      }
    }
    return 1 + text.charAt(0);
  }

  private static boolean mayFollow(TextConstraint constraint, List<Byte> before, byte[] token) {
    ConstraintState state = constraint.begin(Walk.BYTES, false);
    before.forEach(value -> state.accept(value & 0xFF));
    for (byte value : token) {
      if (!state.allowed().contains(value & 0xFF)) {
        return false;
      }
      state.accept(value & 0xFF);
    }
    return token.length > 0;
  }

  /** A token is allowed where its bytes are, one after the other; or it is the only one. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\": \"string\"}",
        "{\"type\": \"string\", \"minLength\": 2, \"maxLength\": 5}",
        "{\"type\": \"string\", \"minLength\": 3}",
        "{\"type\": \"string\", \"format\": \"email\"}",
        "{\"type\": \"string\", \"pattern\": \"^[a-z0-9A-Z]{1,6}(b|\\u20ac)*$\"}",
        "{\"anyOf\": [{\"type\": \"string\", \"maxLength\": 3}, {\"enum\": [\"abcabc\"]}]}",
        "{\"properties\": {\"a\": {\"type\": \"string\"}, \"ab\": {\"enum\": [1, 12, true]}}}",
        "{\"type\": \"array\", \"items\": {\"type\": \"integer\"}, \"maxItems\": 4}",
        "{\"type\": \"object\", \"properties\": {\"abc\": true, \"qqq\": true, \"größ\": {\"type\": \"string\"}}}",
        "{\"not\": {\"enum\": [\"ab\", \"größe\"]}, \"type\": \"string\"}",
        "{}"
      })
  void masksAreWhatTheBytesSay(String schema) {
    TextConstraint constraint = JsonSchema.parse(schema);
    for (int seed = 0; seed < 15; seed++) {
      Random random = new Random(seed);
      ConstraintState state = constraint.begin(TOKENS, false);
      List<Byte> text = new ArrayList<>();
      for (int step = 0; step < 12 && state.allowed().count() > 0; step++) {
        TokenMask mask = state.allowed();
        BitSet expected = new BitSet();
        for (int id = 0; id < TOKENS.size(); id++) {
          expected.set(id, mayFollow(constraint, text, TOKENS.bytes(id)));
        }
        if (mask.count() == 1) {
          assertThat(expected.get(mask.next(0))).isTrue();
        } else {
          assertThat(mask).isEqualTo(TokenMask.of(expected));
        }
        int[] ids = expected.stream().filter(mask::contains).toArray();
        int chosen = ids[random.nextInt(ids.length)];
        state.accept(chosen);
        for (byte value : TOKENS.bytes(chosen)) {
          text.add(value);
        }
      }
    }
  }

  @Test
  void knownBytesAreOneTokenTheLongest() {
    ConstraintState state =
        JsonSchema.parse(
                "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"boolean\"}}, \"required\": [\"a\"]}")
            .begin(TOKENS, false);
    assertThat(state.allowed()).isEqualTo(TokenMask.of(token("{\"a\":")));
    state.accept(token("{\"a\":"));
    assertThat(state.allowed().contains(token("true"))).isTrue();
    assertThat(state.allowed().contains(token("tr"))).isTrue();
    state.accept(token("tr"));
    assertThat(state.allowed()).isEqualTo(TokenMask.of(token("ue")));
  }

  @Test
  void aTokenThatGoesOnBeyondKnownBytesLeavesTheChoice() {
    ConstraintState state =
        JsonSchema.parse(
                "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"string\"}}, \"required\": [\"a\"]}")
            .begin(Walk.withPieces("{\"a\":\"", "{\"a\":\"x"), false);
    assertThat(state.allowed().contains(257)).isTrue();
    assertThat(state.allowed().contains(258)).isTrue();
  }

  @Test
  void tokensWithTheSameBytesAreAllowedTogether() {
    TokenBytes twice = Walk.withPieces("a", "a");
    TokenMask mask = Regex.of("a|b").begin(twice, false).allowed();
    assertThat(mask.count()).isEqualTo(4);
  }

  @Test
  void whatIsNotAllowedIsNotAccepted() {
    ConstraintState state = Choice.of(List.of("abc")).begin(TOKENS, false);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> state.accept(token("}")))
        .withMessageContaining("a token that the constraint allows");
  }

  @Test
  void aGuessIsAllowedAsFarAsItFollows() {
    ConstraintState state = Regex.of("(ab)*").begin(TOKENS, false);
    assertThat(state.allowedPrefix(new int[] {token("ab"), token("ab"), token("12")})).isEqualTo(2);
    assertThat(state.mayEnd()).as("the state stays").isTrue();
  }

  @Test
  void longStringsShareTheirMasks() {
    TextConstraint constraint = JsonSchema.parse("{\"type\": \"string\", \"maxLength\": 5000}");
    ConstraintState state = constraint.begin(TOKENS, false);
    state.accept(1 + '"');
    TokenMask first = state.allowed();
    for (int i = 0; i < 3000; i++) {
      state.accept(token("a"));
    }
    assertThat(state.allowed()).isSameAs(first);
    for (int i = 3000; i < 4999; i++) {
      state.accept(token("a"));
    }
    assertThat(state.allowed().contains(token("a"))).isTrue();
    assertThat(state.allowed().contains(token("ab"))).isFalse();
  }
}
