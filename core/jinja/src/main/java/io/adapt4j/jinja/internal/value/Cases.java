package io.adapt4j.jinja.internal.value;

import java.util.Locale;

/** Upper and lower case, and other character properties. */
public final class Cases {

  private Cases() {}

  public static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  public static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  public static String foldCase(String text) {
    if (text.chars().anyMatch(c -> c >= 128)) {
      throw Fault.unsupported("casefold of text outside ASCII");
    }
    return lower(text);
  }

  public static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = Character.charCount(text.codePointAt(0));
    return titleCase(text.substring(0, first)) + lower(text.substring(first));
  }

  /**
   * Converts a character to title case; if it becomes several characters, only the first is upper
   * case.
   */
  private static String titleCase(String character) {
    String upper = upper(character);
    int title = Character.toTitleCase(character.codePointAt(0));
    if (upper.length() <= character.length()) {
      return Character.toString(title);
    }
    int first = Character.charCount(upper.codePointAt(0));
    return upper.substring(0, first) + lower(upper.substring(first));
  }

  public static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean inWord = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      String character = text.substring(i, next);
      out.append(inWord ? lower(character) : isCased(c) ? titleCase(character) : character);
      inWord = isCased(c);
      i = next;
    }
    return out.toString();
  }

  public static String swap(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              String character = Character.toString(c);
              boolean isUpper = Character.isUpperCase(c);
              out.append(isUpper ? lower(character) : isCased(c) ? upper(character) : character);
            });
    return out.toString();
  }

  public static boolean isUpper(String text) {
    return text.codePoints().anyMatch(Character::isUpperCase)
        && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  public static boolean isLower(String text) {
    return text.codePoints().anyMatch(Character::isLowerCase)
        && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
  }

  public static boolean isTitle(String text) {
    boolean inWord = false;
    boolean found = false;
    for (int c : text.codePoints().toArray()) {
      boolean capital = Character.isUpperCase(c) || Character.isTitleCase(c);
      if (capital == inWord && isCased(c)) {
        return false;
      }
      inWord = isCased(c);
      found |= inWord;
    }
    return found;
  }

  private static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  /** Decimal digits, and others such as superscripts. */
  public static boolean isDigit(int c) {
    return Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER
        || (Character.getType(c) == Character.OTHER_NUMBER && Character.digit(c, 10) >= 0)
        || "\u00b2\u00b3\u00b9".indexOf(c) >= 0
        || (c >= 0x2070 && c <= 0x2089 && Character.getType(c) == Character.OTHER_NUMBER);
  }

  public static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }
}
