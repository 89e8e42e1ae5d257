package io.adapt4j.studio.internal.screen;

import io.adapt4j.studio.internal.data.Examination;
import io.adapt4j.studio.internal.page.Look;
import java.util.List;
import java.util.stream.IntStream;

/** Short forms of numbers and texts for charts. */
final class Lengths {

  private Lengths() {}

  /** Returns a number in thousands from 1,024 on. */
  static String brief(Look look, long number) {
    return number < 1024
        ? look.formats().count(number)
        : look.formats().count(Math.round(number / 1024.0)) + "k";
  }

  /** Names the first classes of lengths. */
  static List<String> classes(Look look, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> "≤" + brief(look, (long) Examination.SHORTEST << i))
        .toList();
  }

  static String cut(String text, int most) {
    return text.length() <= most ? text : text.substring(0, Math.max(1, most - 1)) + "…";
  }
}
