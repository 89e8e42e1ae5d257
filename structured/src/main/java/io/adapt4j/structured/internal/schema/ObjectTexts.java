package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Node.Rule;
import io.adapt4j.structured.internal.regex.CharDfa;
import io.adapt4j.structured.internal.regex.RegexException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Objects that conform to several schemas: the named properties in their order, then others. */
final class ObjectTexts {

  private static final List<String> KEYWORDS =
      List.of(
          "properties",
          "required",
          "additionalProperties",
          "patternProperties",
          "propertyNames",
          "minProperties",
          "maxProperties");

  private static final int MOST_PATTERNS = 4;
  private static final int MOST_RULES = 20_000;

  private final List<Part> parts;
  private final Values values;
  private final JsonTexts texts;
  private final Set<String> required = new LinkedHashSet<>();
  private final Set<String> names = new LinkedHashSet<>();
  private int min;
  private int max = Node.UNBOUNDED;

  ObjectTexts(List<Part> parts, Values values) {
    this.parts = parts;
    this.values = values;
    this.texts = values.texts();
    for (Part part : parts) {
      if (part.has("properties") && !part.get("properties").isObject()) {
        throw part.invalid("properties", "an object of schemas");
      }
      part.get("properties").fieldNames().forEachRemaining(names::add);
      for (JsonNode name : part.get("required")) {
        if (!name.isTextual()) {
          throw part.invalid("required", "a list of names");
        }
        required.add(name.textValue());
      }
      min = Math.max(min, StringTexts.count(part, "minProperties", 0));
      max = Math.min(max, StringTexts.count(part, "maxProperties", Node.UNBOUNDED));
    }
    names.addAll(required);
  }

  Node node() {
    for (Part part : parts) {
      for (String keyword : KEYWORDS) {
        if (part.has(keyword)) {
          part.compilation().at(part, keyword);
          break;
        }
      }
    }
    if (parts.stream().noneMatch(part -> KEYWORDS.stream().anyMatch(part::has))) {
      return texts.anyObject();
    }
    Instances instances = new Instances(values.expansion());
    for (Part part : parts) {
      if (part.has("propertyNames")) {
        List<Part> allowed = List.of(part.child("propertyNames"));
        names.removeIf(name -> !instances.isName(name, allowed) && !required.contains(name));
        if (required.stream().anyMatch(name -> !instances.isName(name, allowed))) {
          return Node.NOTHING;
        }
      }
    }
    List<Node> others = others();
    if (names.size() < min && !others.isEmpty()) {
      Part part = parts.stream().filter(p -> p.has("minProperties")).findFirst().orElseThrow();
      throw part.unsupported(
          "minProperties", "Name at least " + min + " properties: other names could be repeated.");
    }
    return Node.sequence(Node.literal("{"), rest(List.copyOf(names), others).reference());
  }

  /**
   * The rest after each property, by the number of properties written so far, as far as it matters.
   */
  private Rule rest(List<String> all, List<Node> others) {
    int most = Math.max(1, max == Node.UNBOUNDED ? min : Math.min(max, all.size()));
    if ((long) most * (all.size() + 1) > MOST_RULES) {
      throw tooMany(all.size(), most);
    }
    Rule[] next = new Rule[most + 1];
    for (int count = 0; count <= most; count++) {
      next[count] = new Rule("}");
      next[count].define(end(count, others));
    }
    for (int i = all.size() - 1; i >= 0; i--) {
      String name = all.get(i);
      Node value = values.value(Children.ofProperty(parts, name));
      Node pair =
          Node.sequence(texts.string(Node.literal(name)), Node.literal(texts.colon()), value);
      Rule[] here = new Rule[most + 1];
      for (int count = 0; count <= most; count++) {
        List<Node> choices = new ArrayList<>();
        if (count < max) {
          int after = Math.min(count + 1, most);
          choices.add(Node.sequence(comma(count), pair, next[after].reference()));
        }
        if (!required.contains(name)) {
          choices.add(next[count].reference());
        }
        here[count] = new Rule(name);
        here[count].define(Node.alternatives(choices));
      }
      next = here;
    }
    return next[0];
  }

  private SchemaException tooMany(int named, int counted) {
    List<String> keywords =
        counted > 1
            ? List.of("minProperties", "maxProperties", "properties", "required")
            : List.of("properties", "required");
    for (String keyword : keywords) {
      for (Part part : parts) {
        if (part.has(keyword)) {
          return part.refused(
              keyword,
              "expected at most "
                  + MOST_RULES / counted
                  + " names of properties where "
                  + (counted > 1 ? "up to " + counted + " of them are counted" : "none is counted")
                  + ", found "
                  + named
                  + ". Name fewer, or leave minProperties and maxProperties out.");
        }
      }
    }
    return new SchemaException(parts.get(0).path(), "too many properties are named");
  }

  private Node comma(int count) {
    return count == 0 ? Node.EMPTY : Node.literal(texts.comma());
  }

  private Node end(int count, List<Node> others) {
    Node close = Node.literal("}");
    Node closed = count >= min ? close : Node.NOTHING;
    if (others.isEmpty() || count >= max) {
      return closed;
    }
    Node other = Node.alternatives(others);
    int room = max == Node.UNBOUNDED ? max : max - count;
    Node some =
        count == 0
            ? texts.list(other, 0, room)
            : Node.repeat(Node.sequence(Node.literal(texts.comma()), other), 0, room);
    return count >= min ? Node.sequence(some, close) : Node.NOTHING;
  }

  /** Pairs whose names are not among the named ones. */
  private List<Node> others() {
    Map<String, Part> patterns = new LinkedHashMap<>();
    boolean restricted = false;
    for (Part part : parts) {
      part.get("patternProperties")
          .fieldNames()
          .forEachRemaining(pattern -> patterns.putIfAbsent(pattern, part));
      restricted |= part.has("propertyNames");
    }
    if (patterns.isEmpty() && !restricted) {
      List<Part> schemas = additional(Set.of());
      return isNever(schemas) ? List.of() : List.of(pair(unnamed(), schemas));
    }
    if (patterns.size() > MOST_PATTERNS) {
      Part part = parts.stream().filter(p -> p.has("patternProperties")).findFirst().orElseThrow();
      throw part.refused(
          "patternProperties",
          "expected at most "
              + MOST_PATTERNS
              + " patterns, found "
              + patterns.size()
              + ". Join some into one, such as ^(a|b).");
    }
    try {
      return byPattern(patterns);
    } catch (RegexException e) {
      Part part =
          parts.stream()
              .filter(p -> p.has("patternProperties") || p.has("propertyNames"))
              .findFirst()
              .orElseThrow();
      throw part.refused(
          part.has("patternProperties") ? "patternProperties" : "propertyNames",
          "the names of properties are too large: " + e.getMessage());
    }
  }

  /** A pair for each set of patterns that a name can match. */
  private List<Node> byPattern(Map<String, Part> patterns) {
    List<CharDfa> automata = new ArrayList<>();
    List<String> expressions = List.copyOf(patterns.keySet());
    patterns.forEach(
        (pattern, part) ->
            automata.add(part.compilation().automaton(part, "patternProperties", pattern)));
    CharDfa free = names();
    List<Node> pairs = new ArrayList<>();
    for (int set = 0; set < 1 << expressions.size(); set++) {
      Set<String> matched = new LinkedHashSet<>();
      CharDfa names = free;
      for (int i = 0; i < expressions.size(); i++) {
        boolean matches = (set & 1 << i) != 0;
        names = names.and(matches ? automata.get(i) : automata.get(i).complement());
        if (matches) {
          matched.add(expressions.get(i));
        }
      }
      List<Part> schemas = additional(matched);
      if (!isNever(schemas) && !names.isEmpty()) {
        pairs.add(pair(names.toNode("name"), schemas));
      }
    }
    return pairs;
  }

  /** Names that are not among the named ones and that {@code propertyNames} allows. */
  private CharDfa names() {
    CharDfa free = CharDfa.ofTexts(names).complement();
    for (Part part : parts) {
      if (part.has("propertyNames")) {
        free = free.and(StringNames.of(part.child("propertyNames"), values.expansion()));
      }
    }
    return free;
  }

  private List<Part> additional(Set<String> matched) {
    List<Part> schemas = new ArrayList<>();
    for (Part part : parts) {
      boolean any = false;
      for (Map.Entry<String, JsonNode> pattern : part.get("patternProperties").properties()) {
        if (matched.contains(pattern.getKey())) {
          schemas.add(part.child(pattern.getValue(), "patternProperties", pattern.getKey()));
          any = true;
        }
      }
      if (!any && part.has("additionalProperties")) {
        schemas.add(part.child("additionalProperties"));
      }
    }
    return schemas;
  }

  private static boolean isNever(List<Part> schemas) {
    return schemas.stream()
        .anyMatch(part -> part.schema().isBoolean() && !part.schema().booleanValue());
  }

  private Node pair(Node name, List<Part> schemas) {
    return Node.sequence(texts.string(name), Node.literal(texts.colon()), values.value(schemas));
  }

  /** Any name except the named ones. */
  private Node unnamed() {
    return names.isEmpty() ? Node.repeat(Node.ANY, 0, Node.UNBOUNDED) : OtherTexts.than(names);
  }
}
