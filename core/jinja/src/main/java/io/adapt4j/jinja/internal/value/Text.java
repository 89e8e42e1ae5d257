package io.adapt4j.jinja.internal.value;

/** Strings as sequences of code points, with Python's definition of white space. */
public final class Text {

  private Text() {}

  public static boolean isSpace(int c) {
    return (c >= 0x09 && c <= 0x0d)
        || (c >= 0x1c && c <= 0x20)
        || c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  public static boolean isBlank(String text) {
    return skipSpace(text, 0) == text.length();
  }

  /** Returns the first position from an index on that is not white space. */
  public static int skipSpace(String text, int from) {
    int at = from;
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  public static String strip(String text) {
    return stripEnd(stripStart(text));
  }

  public static String stripStart(String text) {
    return text.substring(skipSpace(text, 0));
  }

  public static String stripEnd(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  /** Strips any of some characters from the start. */
  public static String stripStart(String text, String characters) {
    int at = 0;
    while (at < text.length() && characters.indexOf(text.codePointAt(at)) >= 0) {
      at += Character.charCount(text.codePointAt(at));
    }
    return text.substring(at);
  }

  /** Strips any of some characters from the end. */
  public static String stripEnd(String text, String characters) {
    int end = text.length();
    while (end > 0 && characters.indexOf(text.codePointBefore(end)) >= 0) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(0, end);
  }

  public static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  public static String at(String text, int index) {
    int start = text.offsetByCodePoints(0, index);
    return text.substring(start, text.offsetByCodePoints(start, 1));
  }

  /** Returns the part between two indices in code points, clamped to the text. */
  public static String slice(String text, int from, int to) {
    if (from >= to) {
      return "";
    }
    int start = text.offsetByCodePoints(0, from);
    return text.substring(start, text.offsetByCodePoints(start, to - from));
  }

  /** Compares texts by code points. */
  static int compare(String left, String right) {
    int length = Math.min(left.length(), right.length());
    for (int i = 0; i < length; i++) {
      if (left.charAt(i) != right.charAt(i)) {
        return Integer.compare(codePointAround(left, i), codePointAround(right, i));
      }
    }
    return Integer.compare(left.length(), right.length());
  }

  /**
   * Returns the code point around an index: if two texts differ in a low surrogate, their high
   * surrogates are equal.
   */
  private static int codePointAround(String text, int i) {
    boolean second = i > 0 && Character.isLowSurrogate(text.charAt(i));
    return second && Character.isHighSurrogate(text.charAt(i - 1))
        ? text.codePointAt(i - 1)
        : text.codePointAt(i);
  }

  static String escapeHtml(String text) {
    return text.replace("&", "&amp;")
        .replace(">", "&gt;")
        .replace("<", "&lt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }
}
