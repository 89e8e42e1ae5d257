package io.adapt4j.structured.internal.automaton;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.tokenize.TokenBytes;
import io.adapt4j.structured.internal.regex.RegexParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Automata of expressions against those of the JDK, byte by byte and token by token. */
class ExpressionsTest {

  private static final List<String> PIECES =
      List.of(
          "aa", "ab", "abc", "ba", "bb", "cab", "aaaa", "abab", "ä", "äb", "bä", "é", "b\"", "ca");

  private static final TokenBytes TOKENS = vocabulary(PIECES);
  private static final TokenBytes BYTES = vocabulary(List.of());

  private static TokenBytes vocabulary(List<String> pieces) {
    List<byte[]> tokens = new ArrayList<>();
    for (int value = 0; value < 256; value++) {
      tokens.add(new byte[] {(byte) value});
    }
    pieces.forEach(piece -> tokens.add(piece.getBytes(StandardCharsets.UTF_8)));
    return TokenBytes.of(tokens);
  }

  /** Whether a text can still become one of the expression. */
  private static boolean isBeginning(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.matches() || matcher.hitEnd();
  }

  private static boolean accepts(String expression, String text) {
    ConstraintState state =
        Machine.compile(RegexParser.whole(expression)).over(BYTES).begin(BYTES, false);
    for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
      if (!state.allowed().contains(value & 0xFF)) {
        return false;
      }
      state.accept(value & 0xFF);
    }
    return state.mayEnd();
  }

  @Test
  void eachByteOfALiteralIsToldFromAllOthers() {
    String literal = "mfmzl";
    for (int place = 0; place < literal.length(); place++) {
      for (char other = 'a'; other <= 'z'; other++) {
        String text = literal.substring(0, place) + other + literal.substring(place + 1);
        assertThat(accepts(literal, text)).as(text).isEqualTo(text.equals(literal));
      }
    }
  }

  @Test
  void whatHasNoTextIsRepeatedWithoutAny() {
    for (String expression : List.of("(){3}ab", "a(){2,5}b", "a(|){7}b", "ab()*")) {
      assertThat(accepts(expression, "ab")).as(expression).isTrue();
      assertThat(accepts(expression, "a")).as(expression).isFalse();
      assertThat(accepts(expression, "b")).as(expression).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "abc",
        "a{3}",
        "a{0,4}b",
        "a{2,6}c?",
        "(ab){3,7}",
        "(a|bc){5}",
        "(ab|cd|c){0,5}b",
        "[a-c]{3,6}",
        "[ac]{5,9}b",
        "(a{2,3}b){2,5}",
        "a+b*c",
        "(a|ab|abc)+",
        "(a*b){1,3}",
        "(aa|b){7,}",
        "[aäé]{2,4}",
        "([ab]{1,2}c){0,3}",
        "(a{0,2}){6}b",
        "(abab|abac|abba|ab)c",
        "(a|b|c|ab|ca){6}",
        "[a-bä-ø€]{2,8}",
        "(ab?c?){5,6}",
        "[^\"\\\\\\u0000-\\u001f]*",
        "[^\"\\\\\\u0000-\\u001f]{0,4}",
        "[^\"\\\\\\u0000-\\u001fä]*",
        "[^\"\\\\\\u0000-\\u001fb]+",
        "\"[^\"\\\\\\u0000-\\u001f]*\"",
        "[ -~]*",
        "([^\"\\\\\\u0000-\\u001f][a-z])*"
      })
  void tokensThatMayFollowAreThoseOfTheExpression(String expression) {
    Pattern pattern = Pattern.compile(expression);
    Machine machine = Machine.compile(RegexParser.whole(expression)).over(TOKENS);
    SplittableRandom random = new SplittableRandom(expression.hashCode());
    for (int walk = 0; walk < 30; walk++) {
      ConstraintState state = machine.begin(TOKENS, false);
      StringBuilder text = new StringBuilder();
      for (int step = 0; step < 14; step++) {
        assertThat(state.mayEnd()).as(text.toString()).isEqualTo(pattern.matcher(text).matches());
        BitSet expected = new BitSet();
        for (int id = 0; id < TOKENS.size(); id++) {
          String piece = piece(id);
          if (piece != null && isBeginning(pattern, text + piece)) {
            expected.set(id);
          }
        }
        List<Integer> found = new ArrayList<>();
        for (int id = 0; id < TOKENS.size(); id++) {
          if (piece(id) != null && state.allowed().contains(id)) {
            found.add(id);
          }
        }
        if (state.allowed().count() == 1 && expected.cardinality() > 1) {
          // The bytes that must follow, by the longest token.
          int longest = expected.stream().map(TOKENS::length).max().orElseThrow();
          assertThat(TOKENS.length(state.allowed().next(0))).isEqualTo(longest);
        } else {
          assertThat(found).as(text.toString()).isEqualTo(expected.stream().boxed().toList());
        }
        if (found.isEmpty()) {
          break;
        }
        int id = found.get(random.nextInt(found.size()));
        state.accept(id);
        text.append(piece(id));
      }
    }
  }

  /** The text of a token, or null if its bytes are none. */
  private static String piece(int id) {
    return id < 128 ? Character.toString(id) : id < 256 ? null : PIECES.get(id - 256);
  }

  @Test
  void aGuessIsAllowedAsFarAsItsTokensMayFollow() {
    ConstraintState state =
        Machine.compile(RegexParser.whole("[abc]{4}")).over(TOKENS).begin(TOKENS, false);
    assertThat(state.allowedPrefix(new int[] {'a', 'b', 'x', 'a'})).isEqualTo(2);
    assertThat(state.allowedPrefix(new int[] {'a', 'b', 'c', 'a'})).isEqualTo(4);
    assertThat(state.allowedPrefix(new int[] {'a', 'b', 'c', 'a', 'b'})).isEqualTo(4);
    assertThat(state.allowedPrefix(new int[0])).isZero();
    assertThat(state.allowed().contains('c')).as("unchanged").isTrue();
  }

  @Test
  void aTokenThatMayNotFollowIsRefused() {
    ConstraintState state =
        Machine.compile(RegexParser.whole("[ab]c")).over(TOKENS).begin(TOKENS, false);
    refuses(IllegalArgumentException.class, () -> state.accept('c'), "tokenId", "found 99");
    state.accept('b');
    assertThat(state.mayEnd()).isFalse();
    state.accept('c');
    assertThat(state.mayEnd()).isTrue();
  }

  @Test
  void memoryInUseIsReported() {
    Machine.Automaton automaton = Machine.compile(RegexParser.whole("([ab]{1,9}c){1,50}"));
    long before = automaton.bytes();
    assertThat(before).isPositive();
    ConstraintState state = automaton.over(TOKENS).begin(TOKENS, false);
    state.allowed();
    state.accept('a');
    state.allowed();
    assertThat(automaton.bytes()).isGreaterThan(before + 100);
  }
}
