package io.adapt4j.tools;

import java.util.BitSet;

/** Validates JSON character by character, up to the end of an object. */
final class JsonScanner {

  static final int MAX_DEPTH = 200;

  private enum State {
    VALUE,
    VALUE_OR_END,
    KEY,
    KEY_OR_END,
    COLON,
    COMMA_OR_END,
    STRING,
    ESCAPE,
    UNICODE,
    MINUS,
    ZERO,
    INTEGER,
    POINT,
    FRACTION,
    EXPONENT,
    EXPONENT_SIGN,
    EXPONENT_DIGITS,
    WORD
  }

  /** Marks the open values that are objects. */
  private final BitSet objects = new BitSet();

  private State state = State.VALUE;
  private int depth;
  private boolean key;
  private int hexDigits;
  private String word = "";
  private int letters;

  /** Number of open objects and arrays. */
  int depth() {
    return depth;
  }

  /** Returns whether a key or a value of an object is being read, outside of strings. */
  boolean isOutsideText() {
    return state != State.STRING && state != State.ESCAPE && state != State.UNICODE;
  }

  /** Accepts the next character; false if it is invalid here. */
  boolean accept(char c) {
    return switch (state) {
      case STRING -> inString(c);
      case ESCAPE -> escaped(c);
      case UNICODE -> hex(c);
      case WORD -> letter(c);
      case MINUS, ZERO, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS ->
          number(c);
      default -> between(c);
    };
  }

  private boolean between(char c) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      return true;
    }
    return switch (state) {
      case VALUE -> value(c);
      case VALUE_OR_END -> c == ']' ? close(false) : value(c);
      case KEY -> c == '"' && string(true);
      case KEY_OR_END -> c == '}' ? close(true) : c == '"' && string(true);
      case COLON -> c == ':' && to(State.VALUE);
      default -> afterValue(c);
    };
  }

  private boolean afterValue(char c) {
    boolean object = objects.get(depth);
    if (c == ',' && depth > 0) {
      return to(object ? State.KEY : State.VALUE);
    }
    return (c == '}' || c == ']') && depth > 0 && close(c == '}');
  }

  private boolean value(char c) {
    return switch (c) {
      case '{' -> open(true);
      case '[' -> open(false);
      case '"' -> string(false);
      case '-' -> to(State.MINUS);
      case '0' -> to(State.ZERO);
      case 't' -> word("true");
      case 'f' -> word("false");
      case 'n' -> word("null");
      default -> isDigit(c) && to(State.INTEGER);
    };
  }

  private boolean open(boolean object) {
    if (depth == MAX_DEPTH) {
      return false;
    }
    depth++;
    objects.set(depth, object);
    return to(object ? State.KEY_OR_END : State.VALUE_OR_END);
  }

  private boolean close(boolean object) {
    if (objects.get(depth) != object) {
      return false;
    }
    depth--;
    return to(State.COMMA_OR_END);
  }

  private boolean string(boolean isKey) {
    key = isKey;
    return to(State.STRING);
  }

  private boolean inString(char c) {
    if (c == '"') {
      return to(key ? State.COLON : State.COMMA_OR_END);
    }
    return c == '\\' ? to(State.ESCAPE) : c >= ' ';
  }

  private boolean escaped(char c) {
    if (c == 'u') {
      hexDigits = 0;
      return to(State.UNICODE);
    }
    return "\"\\/bfnrt".indexOf(c) >= 0 && to(State.STRING);
  }

  private boolean hex(char c) {
    hexDigits++;
    boolean hex = isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    return hex && (hexDigits < 4 || to(State.STRING));
  }

  private boolean word(String newWord) {
    word = newWord;
    letters = 1;
    return to(State.WORD);
  }

  private boolean letter(char c) {
    boolean right = c == word.charAt(letters);
    letters++;
    return right && (letters < word.length() || to(State.COMMA_OR_END));
  }

  private boolean number(char c) {
    boolean digit = isDigit(c);
    boolean exponent = c == 'e' || c == 'E';
    return switch (state) {
      case MINUS -> digit && to(c == '0' ? State.ZERO : State.INTEGER);
      case ZERO, INTEGER -> {
        if (digit) {
          yield state == State.INTEGER;
        }
        yield c == '.' ? to(State.POINT) : exponent ? to(State.EXPONENT) : numberEnds(c);
      }
      case POINT -> digit && to(State.FRACTION);
      case FRACTION -> digit || (exponent ? to(State.EXPONENT) : numberEnds(c));
      case EXPONENT -> (c == '+' || c == '-') ? to(State.EXPONENT_SIGN) : exponentDigit(digit);
      case EXPONENT_SIGN -> exponentDigit(digit);
      default -> digit || numberEnds(c);
    };
  }

  private boolean exponentDigit(boolean digit) {
    return digit && to(State.EXPONENT_DIGITS);
  }

  private boolean numberEnds(char c) {
    state = State.COMMA_OR_END;
    return between(c);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private boolean to(State next) {
    state = next;
    return true;
  }
}
