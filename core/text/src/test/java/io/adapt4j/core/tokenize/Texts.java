package io.adapt4j.core.tokenize;

import static io.adapt4j.core.Words.split;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/** Texts for tests: ordinary words next to what breaks careless text handling. */
final class Texts {

  private static final List<String> AWKWARD =
      List.of(
          split(
              "|",
              "\0|\t|\r\n|   |\u00A0|\u2003|\u200B|\uFEFF|\u0007|\u007F|e\u0301|\u0301",
              "a\u0328\u0301\u0323|\u1112\u1161\u11AB|\u05E9\u05DC\u05D5\u05DD",
              "\u0645\u0631\u062D\u0628\u0627|\u202E|\u200F|\uD83D\uDE00",
              "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67|\uD83C\uDDE9\uD83C\uDDEA",
              "\u2764\uFE0F|\uD835\uDD18|\uD842\uDFB7|\u4F60\u597D|\u3053\u3093|\uFFFF|\uE000",
              "\uFFFD|\uDBFF\uDFFF|\uFB01|\u0130|\u00DF"));

  private static final List<String> WORDS =
      List.of(split("|", "the| the|Once| upon|don't| 1234|, |.|\n|  |x|caf\u00E9"));

  private Texts() {}

  /** Valid Unicode of any kind. */
  static Arbitrary<String> any() {
    Arbitrary<String> scalars =
        Arbitraries.integers()
            .between(0, Character.MAX_CODE_POINT)
            .filter(point -> point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE)
            .map(Character::toString);
    return Arbitraries.oneOf(Arbitraries.of(WORDS), Arbitraries.of(AWKWARD), scalars)
        .list()
        .ofMaxSize(12)
        .map(pieces -> String.join("", pieces));
  }
}
