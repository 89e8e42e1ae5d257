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
          "maxProperties",
          Negation.OTHER_THAN);

  private static final int MOST_PATTERNS = 100;

  /** Maximum number of sets of patterns that a name matches. */
  private static final int MOST_SETS = 500;

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
    for (Part part : parts) {
      part.get(Negation.OTHER_THAN).forEach(name -> names.add(name.asText()));
    }
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
    if (names.size() + 1 < min && !others.isEmpty()) {
      Part part = parts.stream().filter(p -> p.has("minProperties")).findFirst().orElseThrow();
      throw part.unsupported(
          "minProperties",
          "Name at least " + (min - 1) + " properties: other names could be repeated.");
    }
    List<String> all = List.copyOf(names);
    List<Node> choices = new ArrayList<>();
    for (Set<String> demanded : demanded()) {
      choices.add(rest(all, demanded, 0, others).reference());
    }
    if (parts.stream().anyMatch(part -> part.has(Negation.OTHER_THAN))) {
      choices.add(rest(all, required, 1, others).reference());
    }
    return Node.sequence(Node.literal("{"), Node.alternatives(choices));
  }

  /**
   * Sets of names one of which an object must have so that each part finds a different property.
   */
  private List<Set<String>> demanded() {
    List<Set<String>> all = List.of(required);
    for (Part part : parts) {
      if (!part.has(Negation.OTHER_THAN)) {
        continue;
      }
      Set<String> known = new LinkedHashSet<>();
      part.get(Negation.OTHER_THAN).forEach(name -> known.add(name.asText()));
      Set<Set<String>> more = new LinkedHashSet<>();
      for (Set<String> before : all) {
        if (!known.containsAll(before)) {
          more.add(before);
          continue;
        }
        for (String name : names) {
          if (!known.contains(name)) {
            Set<String> with = new LinkedHashSet<>(before);
            with.add(name);
            more.add(with);
          }
        }
      }
      if ((long) more.size() * names.size() > MOST_RULES) {
        throw part.refused("not", "expected fewer names of properties, found " + names.size());
      }
      all = List.copyOf(more);
    }
    return all;
  }

  /**
   * The rest after each property, by the number of properties written so far, as far as it matters.
   */
  private Rule rest(List<String> all, Set<String> demanded, int least, List<Node> others) {
    int most = Math.max(1, max == Node.UNBOUNDED ? min : Math.min(max, all.size()));
    if ((long) most * (all.size() + 1) > MOST_RULES) {
      throw tooMany(all.size(), most);
    }
    Rule[] next = new Rule[most + 1];
    for (int count = 0; count <= most; count++) {
      next[count] = new Rule("}");
      next[count].define(end(count, least, others));
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
        if (!demanded.contains(name)) {
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

  private Node end(int count, int otherwise, List<Node> others) {
    Node close = Node.literal("}");
    Node closed = count >= min && otherwise == 0 ? close : Node.NOTHING;
    if (others.isEmpty() || count >= max) {
      return closed;
    }
    // Others may repeat a name, so that they count as one.
    if (count + 1 < min) {
      return Node.NOTHING;
    }
    Node other = Node.alternatives(others);
    int least = count < min ? 1 : otherwise;
    int room = max == Node.UNBOUNDED ? max : max - count;
    Node some =
        count == 0
            ? texts.list(other, least, room)
            : Node.repeat(Node.sequence(Node.literal(texts.comma()), other), least, room);
    return Node.sequence(some, close);
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

  /** Names that match a set of patterns and no others. */
  private record Cell(CharDfa names, Set<String> matched) {}

  /** A pair for each set of patterns that a name can match. */
  private List<Node> byPattern(Map<String, Part> patterns) {
    List<Cell> cells = List.of(new Cell(names(), Set.of()));
    for (Map.Entry<String, Part> entry : patterns.entrySet()) {
      Part part = entry.getValue();
      CharDfa automaton = part.compilation().automaton(part, "patternProperties", entry.getKey());
      List<Cell> finer = new ArrayList<>();
      for (Cell cell : cells) {
        Set<String> matched = new LinkedHashSet<>(cell.matched());
        matched.add(entry.getKey());
        finer.add(new Cell(cell.names().and(automaton), matched));
        finer.add(new Cell(cell.names().and(automaton.complement()), cell.matched()));
      }
      finer.removeIf(cell -> cell.names().isEmpty());
      if (finer.size() > MOST_SETS) {
        throw part.refused(
            "patternProperties", "expected patterns of which a name matches few at a time.");
      }
      cells = finer;
    }
    List<Node> pairs = new ArrayList<>();
    for (Cell cell : cells) {
      List<Part> schemas = additional(cell.matched());
      if (!isNever(schemas)) {
        pairs.add(pair(cell.names().toNode("name"), schemas));
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
