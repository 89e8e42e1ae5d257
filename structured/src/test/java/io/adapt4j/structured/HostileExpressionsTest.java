package io.adapt4j.structured;

import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.ConstraintState;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whatever expression or grammar is given, it ends in a constraint that can be used or in the
 * exception that says why not. {@code -Dadapt4j.fuzz.expressions=1000000} tries more.
 */
@Timeout(3600)
class HostileExpressionsTest {

  private static final int TEXTS = Integer.getInteger("adapt4j.fuzz.expressions", 500);
  private static final ConstraintLimits LIMITS =
      ConstraintLimits.defaults().withSteps(1_000_000).withStates(100_000);

  private static final List<String> EXPRESSION =
      List.of(
          split(
              "~",
              "a~b~ab~é~.~|~(~)~(?:~(?~(?<n>~[~]~[^~[a-c]~-~*~+~?~{2}~{0,3}~{1,}~{400}~{9999}~{",
              "}~,~^~$~\\~\\d~\\W~\\p{L}~\\P{Lu}~\\p{sc=Greek}~\\p{~\\u00e9~\\u{1F600}~\\u~\\x4",
              "\\cA~\\1~\\b~\ud83d~\n~(a|b)*~(a*)*~((a?){9}){9}"));

  private static final List<String> GRAMMAR =
      List.of(
          split(
              "~",
              "root~a~b~::=~ ~\n~|~(~)~\"x\"~\"~'~[a-z]~[~]~/x+/~/~*~+~?~{2,3}~{999999}~{~}~.~#",
              "\\~\"\\n\\u00e9\"~\"\\U99\"~root ::= a b\n~a ::= \"(\" a \")\" | \"y\"\n",
              "b ::= [0-9]* a?\n~\\x"));

  private static String text(Random random, List<String> parts, String start, int most) {
    StringBuilder text = new StringBuilder(start);
    for (int i = random.nextInt(most); i > 0; i--) {
      text.append(parts.get(random.nextInt(parts.size())));
    }
    return text.toString();
  }

  /** Makes a constraint and follows it for some bytes; returns whether it can be used. */
  private static boolean isUsed(String text, Function<String, TextConstraint> make, Random random) {
    try {
      TextConstraint constraint = LIMITS.run(() -> false, () -> make.apply(text));
      ConstraintState state = constraint.begin(Walk.BYTES, false);
      for (int i = 0; i < 30 && state.allowed().count() > 0; i++) {
        int next = state.allowed().next(random.nextInt(128));
        state.accept(next >= 0 ? next : state.allowed().next(0));
      }
      assertThat(state.mayEnd() || state.allowed().count() > 0).as("is not stuck").isTrue();
      return true;
    } catch (UnsupportedConstraintException e) {
      assertThat(e.getMessage()).isNotBlank().hasSizeLessThan(1100);
      return false;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(text, e);
    }
  }

  @Test
  void expressionsAreUsedOrRefused() {
    Random random = new Random(1);
    int used = 0;
    for (int i = 0; i < TEXTS; i++) {
      used += isUsed(text(random, EXPRESSION, "", 7), Regex::of, random) ? 1 : 0;
    }
    assertThat(used).isBetween(TEXTS / 8, TEXTS * 9 / 10);
  }

  @Test
  void grammarsAreUsedOrRefused() {
    Random random = new Random(2);
    int used = 0;
    for (int i = 0; i < TEXTS; i++) {
      String start =
          random.nextBoolean() ? "" : "a ::= \"(\" a \")\" | \"y\"\nb ::= [0-9]* a?\nroot ::= ";
      used += isUsed(text(random, GRAMMAR, start, 8), Grammar::parse, random) ? 1 : 0;
    }
    assertThat(used).isBetween(TEXTS / 20, TEXTS * 9 / 10);
  }
}
