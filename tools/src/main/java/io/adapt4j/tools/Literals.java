package io.adapt4j.tools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads arguments in Python's notation, or in Gemma's with its own quotation marks. */
final class Literals {

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final String AFTER_TEXT = ",)]}:=";

  private final String text;
  private final String quote;
  private int at;
  private int depth;

  /** The text is in another notation. */
  private static final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1;
  }

  private Literals(String text, String quote) {
    this.text = text;
    this.quote = quote;
  }

  /** Reads {@code KEY=VALUE, KEY=VALUE}; null if the text is something else. */
  static @Nullable ObjectNode python(String text) {
    return all(new Literals(text, ""), '=');
  }

  /**
   * Reads {@code KEY:VALUE,KEY:VALUE} with texts in quotation marks; null if it is another text.
   */
  static @Nullable ObjectNode gemma(String text, String quote) {
    return all(new Literals(text, quote), ':');
  }

  private static @Nullable ObjectNode all(Literals literals, char assign) {
    try {
      ObjectNode read = literals.fields(assign);
      return literals.at == literals.text.length() ? read : null;
    } catch (UnreadableException e) {
      // It is not a call then.
      return null;
    }
  }

  /** Returns whether a quotation mark ends a text: one inside of it is followed by more text. */
  static boolean endsText(char next) {
    return AFTER_TEXT.indexOf(next) >= 0;
  }

  private ObjectNode fields(char assign) throws UnreadableException {
    ObjectNode fields = NODES.objectNode();
    skip();
    while (at < text.length() && text.charAt(at) != '}') {
      JsonNode key = value(assign);
      require(key.isTextual() && !fields.has(key.textValue()) && next() == assign);
      at++;
      fields.set(key.textValue(), value('\0'));
      if (next() != ',') {
        break;
      }
      at++;
      skip();
    }
    return fields;
  }

  /** A value, or a key before a character that may be without quotation marks. */
  private JsonNode value(char before) throws UnreadableException {
    skip();
    if (!quote.isEmpty() && text.startsWith(quote, at)) {
      int end = text.indexOf(quote, at + quote.length());
      require(end >= 0);
      String value = text.substring(at + quote.length(), end);
      at = end + quote.length();
      return NODES.textNode(value);
    }
    char c = next();
    if (c == '"' || (c == '\'' && quote.isEmpty())) {
      return NODES.textNode(quoted(c));
    }
    if (before == '\0' && (c == '{' || c == '[')) {
      return nested(c);
    }
    int start = at;
    while (at < text.length() && AFTER_TEXT.indexOf(text.charAt(at)) < 0) {
      at++;
    }
    String word = text.substring(start, at).strip();
    require(!word.isEmpty());
    return before == '\0' ? word(word) : NODES.textNode(word);
  }

  private JsonNode nested(char open) throws UnreadableException {
    depth++;
    require(depth < JsonScanner.MAX_DEPTH);
    at++;
    JsonNode nested = open == '{' ? fields(':') : list();
    require(next() == (open == '{' ? '}' : ']'));
    at++;
    depth--;
    return nested;
  }

  private ArrayNode list() throws UnreadableException {
    ArrayNode list = NODES.arrayNode();
    while (next() != ']') {
      list.add(value('\0'));
      if (next() != ',') {
        break;
      }
      at++;
    }
    return list;
  }

  private JsonNode word(String word) throws UnreadableException {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "true" -> NODES.booleanNode(true);
      case "false" -> NODES.booleanNode(false);
      case "none", "null" -> NODES.nullNode();
      default -> number(word);
    };
  }

  private JsonNode number(String word) throws UnreadableException {
    try {
      JsonNode number = Json.parseStrictly(word);
      require(number.isNumber());
      return number;
    } catch (JsonProcessingException e) {
      // Gemma sometimes omits the quotation marks.
      require(!quote.isEmpty());
      return NODES.textNode(word);
    }
  }

  private String quoted(char mark) throws UnreadableException {
    StringBuilder value = new StringBuilder();
    for (at++; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '\\' && at + 1 < text.length()) {
        at++;
        escaped(value);
      } else if (c == mark && ends()) {
        at++;
        return value.toString();
      } else {
        value.append(c);
      }
    }
    throw new UnreadableException();
  }

  private boolean ends() {
    int after = at + 1;
    while (after < text.length() && Character.isWhitespace(text.charAt(after))) {
      after++;
    }
    return after == text.length() || endsText(text.charAt(after));
  }

  private void escaped(StringBuilder value) throws UnreadableException {
    char c = text.charAt(at);
    int known = "nrtbf".indexOf(c);
    if (known >= 0) {
      value.append("\n\r\t\b\f".charAt(known));
    } else if (c == 'u' || c == 'x') {
      int digits = c == 'u' ? 4 : 2;
      require(at + digits < text.length());
      try {
        value.append((char) Integer.parseInt(text, at + 1, at + 1 + digits, 16));
      } catch (NumberFormatException e) {
        throw new UnreadableException();
      }
      at += digits;
    } else {
      value.append("\\\"'/".indexOf(c) >= 0 ? "" : "\\").append(c);
    }
  }

  private void skip() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  /** The next character that is not white space; a null character at the end. */
  private char next() {
    skip();
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private static void require(boolean holds) throws UnreadableException {
    if (!holds) {
      throw new UnreadableException();
    }
  }
}
