package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Node.Rule;
import io.adapt4j.structured.internal.limit.Budget;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Grammar of JSON values. Every character of a string has one spelling: itself, or a short escape
 * if JSON requires one, so that lengths, patterns and names are exact.
 */
final class JsonTexts {

  private static final CodePoints CONTROL = CodePoints.of(0, 0x1F);
  private static final String ESCAPED = "\"\\\b\f\n\r\t";
  private static final String ESCAPES = "\"\\bfnrt";
  private static final CodePoints PLAIN = CONTROL.or(CodePoints.ofAll("\"\\")).complement();

  private static final CodePoints NOT_ASCII = CodePoints.of(0x80, CodePoints.LAST);
  private static final Rule NOT_ASCII_RULE = new Rule("character beyond ASCII");
  private static final Rule ESCAPE_RULE = new Rule("escape");

  static {
    NOT_ASCII_RULE.define(new Node.Characters(NOT_ASCII));
    ESCAPE_RULE.define(Node.alternatives(escapes(CodePoints.ALL)));
  }

  private static final Node DIGIT = new Node.Characters(CodePoints.of('0', '9'));

  /**
   * Maximum number of digits of an unbounded number before its point, and of any number after it,
   * unless its bounds have more: numbers end even if a model repeats itself.
   */
  static final int MOST_INTEGER_DIGITS = 64;

  static final int MOST_FRACTION_DIGITS = 32;

  private static final Node DIGITS = Node.repeat(DIGIT, 0, MOST_INTEGER_DIGITS - 1);

  /** Digits without a leading zero. */
  static final Node NATURAL =
      Node.alternatives(
          Node.literal("0"), Node.sequence(new Node.Characters(CodePoints.of('1', '9')), DIGITS));

  static final Node INTEGER = Node.sequence(Node.optional(Node.literal("-")), NATURAL);

  /** Exponents up to 299: larger ones are infinite or zero for most readers. */
  private static final Node EXPONENT =
      Node.sequence(
          new Node.Characters(CodePoints.ofAll("eE")),
          Node.optional(new Node.Characters(CodePoints.ofAll("+-"))),
          Node.alternatives(
              Node.repeat(DIGIT, 1, 2),
              Node.sequence(new Node.Characters(CodePoints.ofAll("12")), DIGIT, DIGIT)));

  static final Node NUMBER =
      Node.sequence(
          INTEGER,
          Node.optional(
              Node.sequence(Node.literal("."), Node.repeat(DIGIT, 1, MOST_FRACTION_DIGITS))),
          Node.optional(EXPONENT));

  static final Node BOOLEAN = Node.alternatives(Node.literal("true"), Node.literal("false"));
  static final Node NULL = Node.literal("null");

  private final String comma;
  private final String colon;

  /** Any string, as a rule, so that its analysis is shared by all uses. */
  private final Node anyString;

  private final Rule anyValue = new Rule("any value");
  private final Node anyObject;

  JsonTexts(boolean spaced) {
    comma = spaced ? ", " : ",";
    colon = spaced ? ": " : ":";
    Rule characters = new Rule("characters");
    characters.define(
        Node.sequence(Node.repeat(spelled(Node.ANY), 0, Node.UNBOUNDED), Node.literal("\"")));
    anyString = Node.sequence(Node.literal("\""), characters.reference());
    Node value = anyValue.reference();
    anyObject =
        Node.sequence(
            Node.literal("{"),
            list(Node.sequence(anyString, Node.literal(colon), value), 0, Node.UNBOUNDED),
            Node.literal("}"));
    Node array =
        Node.sequence(Node.literal("["), list(value, 0, Node.UNBOUNDED), Node.literal("]"));
    anyValue.define(Node.alternatives(anyObject, array, anyString, NUMBER, BOOLEAN, NULL));
  }

  String comma() {
    return comma;
  }

  String colon() {
    return colon;
  }

  Node anyString() {
    return anyString;
  }

  Node anyValue() {
    return anyValue.reference();
  }

  Node anyObject() {
    return anyObject;
  }

  /** Returns elements separated by commas. */
  Node list(Node element, int min, int max) {
    if (max == 0) {
      return Node.EMPTY;
    }
    int more = max == Node.UNBOUNDED ? max : max - 1;
    Node some =
        Node.sequence(
            element,
            Node.repeat(Node.sequence(Node.literal(comma), element), Math.max(0, min - 1), more));
    return min == 0 ? Node.optional(some) : some;
  }

  /** Returns a string whose characters are those of a text. */
  Node string(Node text) {
    return Node.sequence(Node.literal("\""), spelled(text), Node.literal("\""));
  }

  /** Returns a text as it is spelled between quotes. */
  static Node spelled(Node text) {
    return new Spelling().all(text);
  }

  /** Returns a fixed text as it is spelled between quotes. */
  private static Node spelled(String text) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int escape = ESCAPED.indexOf(c);
      if (escape >= 0) {
        plain.append('\\').append(ESCAPES.charAt(escape));
      } else if (c < 0x20 || Character.isSurrogate(c)) {
        return spelledByCharacter(text);
      } else {
        plain.append(c);
      }
    }
    return Node.literal(plain.toString());
  }

  private static Node spelledByCharacter(String text) {
    Spelling spelling = new Spelling();
    List<Node> parts = new ArrayList<>();
    text.codePoints().forEach(c -> parts.add(spelling.spelled(CodePoints.of(c))));
    return Node.sequence(parts);
  }

  /** Rewrites a text, including its rules. */
  private static final class Spelling {
    private final Map<Rule, Rule> rules = new HashMap<>();
    private final Map<CodePoints, Node> sets = new HashMap<>();

    /** Rules whose bodies have not been rewritten yet. */
    private final Deque<Rule> open = new ArrayDeque<>();

    Node all(Node node) {
      Node root = of(node);
      while (!open.isEmpty()) {
        Rule rule = open.pop();
        Objects.requireNonNull(rules.get(rule)).define(of(rule.body()));
      }
      return root;
    }

    private Node of(Node node) {
      Budget.current().step(2);
      if (node instanceof Node.Literal literal) {
        return JsonTexts.spelled(literal.text());
      }
      if (node instanceof Node.Characters characters) {
        return spelled(characters.set());
      }
      if (node instanceof Node.Sequence sequence) {
        return Node.sequence(all(sequence.parts()));
      }
      if (node instanceof Node.Alternatives alternatives) {
        return Node.alternatives(all(alternatives.choices()));
      }
      if (node instanceof Node.Repeat repeat) {
        return Node.repeat(of(repeat.body()), repeat.min(), repeat.max());
      }
      Rule rule = ((Node.Reference) node).rule();
      Rule known = rules.get(rule);
      if (known == null) {
        known = new Rule(rule.name());
        rules.put(rule, known);
        open.push(rule);
      }
      return known.reference();
    }

    private List<Node> all(List<Node> nodes) {
      List<Node> spelled = new ArrayList<>(nodes.size());
      for (Node node : nodes) {
        spelled.add(of(node));
      }
      return spelled;
    }

    private Node spelled(CodePoints set) {
      return sets.computeIfAbsent(set, Spelling::spell);
    }

    private static Node spell(CodePoints set) {
      Budget.current().step(50 + 8L * set.rangeCount());
      List<Node> choices = new ArrayList<>();
      CodePoints plain = set.and(PLAIN);
      // The part common to nearly all sets is written once.
      if (NOT_ASCII.minus(set).isEmpty()) {
        choices.add(NOT_ASCII_RULE.reference());
        plain = plain.minus(NOT_ASCII);
      }
      if (!plain.isEmpty()) {
        choices.add(new Node.Characters(plain));
      }
      if (PLAIN.complement().minus(set).isEmpty()) {
        choices.add(ESCAPE_RULE.reference());
      } else {
        choices.addAll(escapes(set));
      }
      return Node.alternatives(choices);
    }
  }

  private static List<Node> escapes(CodePoints set) {
    List<Node> choices = new ArrayList<>();
    for (int i = 0; i < ESCAPED.length(); i++) {
      if (set.contains(ESCAPED.charAt(i))) {
        choices.add(Node.literal("\\" + ESCAPES.charAt(i)));
      }
    }
    for (int control = 0; control < 0x20; control++) {
      if (ESCAPED.indexOf(control) < 0 && set.contains(control)) {
        String digits = String.format("%04x", control);
        choices.add(Node.literal("\\u" + digits));
        if (!digits.equals(digits.toUpperCase(Locale.ROOT))) {
          choices.add(Node.literal("\\u" + digits.toUpperCase(Locale.ROOT)));
        }
      }
    }
    return choices;
  }

  /** Returns the text of a value. */
  Node literal(JsonNode value) {
    if (value.isTextual()) {
      return string(Node.literal(value.textValue()));
    }
    List<Node> parts = new ArrayList<>();
    if (value.isArray()) {
      for (JsonNode element : value) {
        parts.add(Node.literal(parts.isEmpty() ? "[" : comma));
        parts.add(literal(element));
      }
      parts.add(Node.literal(parts.isEmpty() ? "[]" : "]"));
      return Node.sequence(parts);
    }
    if (value.isObject()) {
      Iterator<Map.Entry<String, JsonNode>> fields = value.properties().iterator();
      while (fields.hasNext()) {
        Map.Entry<String, JsonNode> field = fields.next();
        parts.add(Node.literal(parts.isEmpty() ? "{" : comma));
        parts.add(string(Node.literal(field.getKey())));
        parts.add(Node.literal(colon));
        parts.add(literal(field.getValue()));
      }
      parts.add(Node.literal(parts.isEmpty() ? "{}" : "}"));
      return Node.sequence(parts);
    }
    return Node.literal(value.toString());
  }
}
