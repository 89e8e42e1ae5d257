package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.value.Fault;

/** Backslash escapes in string literals, as in Python. */
final class Escapes {

  private static final String SIMPLE = "\\'\"abfnrtv";
  private static final String MEANING = "\\'\"\u0007\b\f\n\r\t\u000b";

  private final String text;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private Escapes(String text) {
    this.text = text;
  }

  static String decode(String text) {
    return text.indexOf('\\') < 0 ? text : new Escapes(text).decoded();
  }

  private String decoded() {
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '\\') {
        escape(text.charAt(at++));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private void escape(char kind) {
    int simple = SIMPLE.indexOf(kind);
    if (simple >= 0) {
      out.append(MEANING.charAt(simple));
    } else if (kind >= '0' && kind <= '7') {
      octal(kind - '0');
    } else {
      switch (kind) {
        case '\n' -> {
          // A backslash at the end of a line joins it with the next.
        }
        case 'x' -> hexadecimal(2);
        case 'u' -> hexadecimal(4);
        case 'U' -> hexadecimal(8);
        case 'N' -> named();
        default -> out.append('\\').append(kind);
      }
    }
  }

  private void octal(int first) {
    int value = first;
    for (int i = 0; i < 2 && at < text.length(); i++) {
      int digit = text.charAt(at) - '0';
      if (digit < 0 || digit > 7) {
        break;
      }
      value = value * 8 + digit;
      at++;
    }
    out.appendCodePoint(value);
  }

  private void hexadecimal(int digits) {
    if (at + digits > text.length()) {
      throw truncated(digits);
    }
    long value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = Character.digit(text.charAt(at++), 16);
      if (digit < 0) {
        throw truncated(digits);
      }
      value = value * 16 + digit;
    }
    if (value > Character.MAX_CODE_POINT) {
      throw new Fault("an escape names no Unicode character");
    }
    out.appendCodePoint((int) value);
  }

  private static Fault truncated(int digits) {
    return new Fault("a \\x, \\u or \\U escape needs " + digits + " hexadecimal digits");
  }

  private void named() {
    int end = text.indexOf('}', at);
    if (at >= text.length() || text.charAt(at) != '{' || end < 0) {
      throw new Fault("a \\N escape needs a name in braces");
    }
    try {
      out.appendCodePoint(Character.codePointOf(text.substring(at + 1, end)));
    } catch (IllegalArgumentException e) {
      throw new Fault("unknown Unicode character name '" + text.substring(at + 1, end) + "'");
    }
    at = end + 1;
  }
}
