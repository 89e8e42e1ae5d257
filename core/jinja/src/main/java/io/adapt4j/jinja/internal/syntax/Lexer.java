package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Numbers;
import io.adapt4j.jinja.internal.value.Text;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a template into tokens like Jinja's lexer with {@code trim_blocks} and {@code
 * lstrip_blocks}: a line feed after a block or comment is dropped, and so is white space before one
 * that is first on its line; a minus sign drops all white space on its side, a plus sign keeps it.
 */
final class Lexer {

  private static final Pattern RAW =
      Pattern.compile("\\{%([-+]?)\\s*raw\\s*(?:-%\\}\\s*|%\\})", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern END_RAW =
      Pattern.compile(
          "\\{%([-+]?)\\s*endraw\\s*(?:\\+%\\}|-%\\}\\s*|%\\}\\n?)",
          Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern FLOAT =
      Pattern.compile(
          "(?<!\\.)(?:\\d+_)*\\d+(?:(?:\\.(?:\\d+_)*\\d+)?[eE][+-]?(?:\\d+_)*\\d+|\\.(?:\\d+_)*\\d+)");
  private static final Pattern INTEGER =
      Pattern.compile(
          "0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?\\d)*|0(?:_?0)*");
  private static final List<String> OPERATORS =
      List.of(
          "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",", ";");
  private static final int LONGEST_NUMBER = 1000;

  private final String text;
  private final List<Token> tokens = new ArrayList<>();
  private final Deque<String> closers = new ArrayDeque<>();
  private int position;
  private boolean atLineStart = true;

  private int countedTo;
  private int line = 1;

  private Lexer(String text) {
    this.text = text;
  }

  static List<Token> tokens(String text) {
    Lexer lexer = new Lexer(text);
    lexer.readAll();
    return lexer.tokens;
  }

  private void readAll() {
    while (position < text.length()) {
      int tag = nextTag(position);
      if (tag < 0) {
        add(Token.Type.DATA, text.substring(position), position);
        position = text.length();
      } else {
        readTag(tag);
      }
    }
    add(Token.Type.END, "", position);
  }

  private int nextTag(int from) {
    for (int at = text.indexOf('{', from); at >= 0; at = text.indexOf('{', at + 1)) {
      char next = at + 1 < text.length() ? text.charAt(at + 1) : ' ';
      if (next == '{' || next == '%' || next == '#') {
        return at;
      }
    }
    return -1;
  }

  private void readTag(int tag) {
    Matcher raw = RAW.matcher(text).region(tag, text.length());
    if (raw.lookingAt()) {
      data(position, tag, raw.group(1), true);
      endTag(raw.end());
      readRaw(tag);
      return;
    }
    char kind = text.charAt(tag + 1);
    int inside = tag + 2;
    String sign = "";
    if (inside < text.length() && (text.charAt(inside) == '-' || text.charAt(inside) == '+')) {
      sign = text.substring(inside, inside + 1);
      inside++;
    }
    data(position, tag, sign, kind != '{');
    position = inside;
    if (kind == '#') {
      skipComment(tag);
    } else {
      boolean block = kind == '%';
      add(block ? Token.Type.BLOCK_BEGIN : Token.Type.VARIABLE_BEGIN, "", tag);
      readInside(block);
    }
  }

  /** Adds the text before a tag, without the white space that the tag strips. */
  private void data(int from, int to, String sign, boolean strips) {
    String data = text.substring(from, to);
    if (sign.equals("-")) {
      data = Text.stripEnd(data);
    } else if (sign.isEmpty() && strips) {
      int lineStart = data.lastIndexOf('\n') + 1;
      if ((lineStart > 0 || atLineStart) && Text.isBlank(data.substring(lineStart))) {
        data = data.substring(0, lineStart);
      }
    }
    if (!data.isEmpty()) {
      add(Token.Type.DATA, data, from);
    }
  }

  private void readRaw(int begin) {
    if (position == text.length()) {
      return;
    }
    Matcher end = END_RAW.matcher(text);
    if (!end.find(position)) {
      throw error(begin, "this raw block has no endraw");
    }
    data(position, end.start(), end.group(1), true);
    endTag(end.end());
  }

  private void skipComment(int begin) {
    int end = text.indexOf("#}", position);
    if (end < 0) {
      throw error(begin, "this comment has no end, '#}'");
    }
    boolean strips = end > position && text.charAt(end - 1) == '-';
    boolean keeps = end > position && text.charAt(end - 1) == '+';
    endTag(strips ? Text.skipSpace(text, end + 2) : keeps ? end + 2 : afterLineFeed(end + 2));
  }

  private int afterLineFeed(int at) {
    return at < text.length() && text.charAt(at) == '\n' ? at + 1 : at;
  }

  private void endTag(int end) {
    atLineStart = text.charAt(end - 1) == '\n';
    position = end;
  }

  private void readInside(boolean block) {
    int begin = position;
    closers.clear();
    while (position < text.length()) {
      if (closers.isEmpty() && (block ? readBlockEnd() : readVariableEnd())) {
        return;
      }
      readExpressionToken();
    }
    throw error(begin, "this tag has no end, '" + (block ? "%}" : "}}") + "'");
  }

  private boolean readBlockEnd() {
    int start = position;
    if (text.startsWith("+%}", start)) {
      endTag(start + 3);
    } else if (text.startsWith("-%}", start)) {
      endTag(Text.skipSpace(text, start + 3));
    } else if (text.startsWith("%}", start)) {
      endTag(afterLineFeed(start + 2));
    } else {
      return false;
    }
    add(Token.Type.BLOCK_END, "", start);
    return true;
  }

  private boolean readVariableEnd() {
    int start = position;
    if (text.startsWith("-}}", start)) {
      endTag(Text.skipSpace(text, start + 3));
    } else if (text.startsWith("}}", start)) {
      endTag(start + 2);
    } else {
      return false;
    }
    add(Token.Type.VARIABLE_END, "", start);
    return true;
  }

  private void readExpressionToken() {
    int start = position;
    int first = text.codePointAt(start);
    if (Text.isSpace(first)) {
      position = Text.skipSpace(text, start);
    } else if (first >= '0' && first <= '9') {
      readNumber();
    } else if (isWord(first)) {
      readName();
    } else if (first == '\'' || first == '"') {
      readString();
    } else {
      readOperator();
    }
  }

  private void readNumber() {
    int start = position;
    Matcher number = FLOAT.matcher(text).region(start, text.length()).useTransparentBounds(true);
    boolean floating = number.lookingAt();
    if (!floating) {
      number = INTEGER.matcher(text).region(start, text.length());
      if (!number.lookingAt()) {
        throw error(start, "this is not a number");
      }
    }
    String digits = number.group().replace("_", "");
    if (digits.length() > LONGEST_NUMBER) {
      throw error(start, "this number has more than " + LONGEST_NUMBER + " digits");
    }
    Object value = floating ? (Object) Double.valueOf(digits) : integer(digits);
    position = number.end();
    tokens.add(new Token(Token.Type.NUMBER, number.group(), value, lineAt(start)));
  }

  private static Object integer(String digits) {
    int base = 10;
    if (digits.length() > 1) {
      switch (digits.charAt(1)) {
        case 'x', 'X' -> base = 16;
        case 'o', 'O' -> base = 8;
        case 'b', 'B' -> base = 2;
        default -> base = 10;
      }
    }
    return Numbers.normal(new BigInteger(base == 10 ? digits : digits.substring(2), base));
  }

  private void readName() {
    int start = position;
    while (position < text.length() && isWord(text.codePointAt(position))) {
      position += Character.charCount(text.codePointAt(position));
    }
    add(Token.Type.NAME, text.substring(start, position), start);
  }

  private static boolean isWord(int codePoint) {
    return codePoint == '_' || Character.isLetterOrDigit(codePoint);
  }

  private void readString() {
    int start = position;
    char quote = text.charAt(start);
    int at = start + 1;
    while (at < text.length() && text.charAt(at) != quote) {
      at += text.charAt(at) == '\\' ? 2 : 1;
    }
    if (at >= text.length()) {
      throw error(start, "this text has no closing quote");
    }
    position = at + 1;
    try {
      add(Token.Type.STRING, Escapes.decode(text.substring(start + 1, at)), start);
    } catch (Fault e) {
      throw error(start, e.getMessage());
    }
  }

  private void readOperator() {
    int start = position;
    String operator =
        OPERATORS.stream()
            .filter(name -> text.startsWith(name, start))
            .findFirst()
            .orElseThrow(
                () ->
                    error(
                        start,
                        "unexpected character '"
                            + Character.toString(text.codePointAt(start))
                            + "'"));
    balance(operator, start);
    position = start + operator.length();
    add(Token.Type.OPERATOR, operator, start);
  }

  private void balance(String operator, int start) {
    switch (operator) {
      case "{" -> closers.push("}");
      case "(" -> closers.push(")");
      case "[" -> closers.push("]");
      case "}", ")", "]" -> {
        if (closers.isEmpty() || !closers.pop().equals(operator)) {
          throw error(start, "unexpected '" + operator + "'");
        }
      }
      default -> {
        // Other operators are not brackets.
      }
    }
  }

  private void add(Token.Type type, String value, int at) {
    tokens.add(new Token(type, value, null, lineAt(at)));
  }

  /**
   * Returns the line of a position; positions must be ascending, except for the last token or so.
   */
  private int lineAt(int at) {
    if (at < countedTo) {
      countedTo = 0;
      line = 1;
    }
    for (; countedTo < at; countedTo++) {
      if (text.charAt(countedTo) == '\n') {
        line++;
      }
    }
    return line;
  }

  private Fault error(int at, String problem) {
    return new Fault(problem).at(lineAt(at));
  }
}
