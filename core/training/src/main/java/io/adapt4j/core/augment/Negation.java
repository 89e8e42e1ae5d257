package io.adapt4j.core.augment;

import java.util.Locale;
import java.util.regex.Pattern;

/** Detects negations. */
final class Negation {

  private static final Pattern WORD =
      Pattern.compile(
          "\\b(not|no|never|none|neither|nor|cannot|without|nobody|nothing|nowhere|unable"
              + "|impossible|lacks?|fail(s|ed)?|\\w+n't"
              + "|nicht|kein(e|en|em|er|es)?|niemals|ohne|weder|jamais|aucune?|pas)\\b",
          Pattern.UNICODE_CHARACTER_CLASS);

  private Negation() {}

  static boolean kept(String original, String paraphrase) {
    return denies(original) == denies(paraphrase);
  }

  private static boolean denies(String text) {
    return WORD.matcher(text.toLowerCase(Locale.ROOT).replace('’', '\'')).find();
  }
}
