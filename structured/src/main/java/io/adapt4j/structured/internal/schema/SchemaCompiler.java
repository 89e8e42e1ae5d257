package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Rule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes a grammar of a schema. Schemas that must all hold for a value are merged; each set of them
 * is one rule, so that schemas may contain themselves.
 */
public final class SchemaCompiler {

  private static final int MOST_RULES = 20_000;

  private final Expansion expansion;
  private final JsonTexts texts;
  private final Map<Set<Part>, Rule> rules = new HashMap<>();
  private final Map<List<JsonNode>, Node> strings = new HashMap<>();
  private final Deque<Runnable> open = new ArrayDeque<>();

  private SchemaCompiler(SchemaDocument document, boolean spaced) {
    this.expansion = new Expansion(document);
    this.texts = new JsonTexts(spaced);
  }

  /**
   * Compiles a schema.
   *
   * @param schema the schema in JSON
   * @param spaced whether spaces stand after commas and colons
   * @return its values
   * @throws SchemaException if it is not supported
   */
  public static Node compile(String schema, boolean spaced) {
    return compile(SchemaDocument.of(schema), spaced);
  }

  /**
   * Compiles a schema.
   *
   * @param schema the schema as maps, lists, texts, numbers and booleans
   * @param spaced whether spaces stand after commas and colons
   * @return its values
   * @throws SchemaException if it is not supported
   */
  public static Node compile(Map<String, ?> schema, boolean spaced) {
    return compile(SchemaDocument.of(schema), spaced);
  }

  /**
   * Returns any JSON object.
   *
   * @param spaced whether spaces stand after commas and colons
   * @return its texts
   */
  public static Node anyObject(boolean spaced) {
    return new JsonTexts(spaced).anyObject();
  }

  private static Node compile(SchemaDocument document, boolean spaced) {
    SchemaCompiler compiler = new SchemaCompiler(document, spaced);
    Node root = compiler.value(List.of(document.root()));
    while (!compiler.open.isEmpty()) {
      compiler.open.pop().run();
    }
    return root;
  }

  /** The values that all of some schemas hold for. */
  Node value(List<Part> schemas) {
    Set<Part> parts = new LinkedHashSet<>(schemas);
    parts.removeIf(part -> part.schema().isBoolean() && part.schema().booleanValue());
    if (parts.isEmpty()) {
      return texts.anyValue();
    }
    Rule known = rules.get(parts);
    if (known == null) {
      if (rules.size() >= MOST_RULES) {
        throw new SchemaException(
            "#", "the schema needs more than " + MOST_RULES + " rules; divide it");
      }
      known = new Rule(parts.iterator().next().path());
      rules.put(parts, known);
      Rule rule = known;
      open.add(() -> rule.define(body(parts)));
    }
    return known.reference();
  }

  private Node body(Set<Part> parts) {
    return Node.alternatives(
        expansion.of(parts).stream().map(flat -> flat(new ArrayList<>(flat))).toList());
  }

  /** The values of schemas without alternatives. */
  private Node flat(List<Part> parts) {
    Set<Kind> kinds = EnumSet.allOf(Kind.class);
    parts.forEach(part -> kinds.retainAll(Kind.of(part)));
    if (parts.stream().anyMatch(part -> part.has("enum") || part.has("const"))) {
      return Node.alternatives(
          new Instances(expansion)
              .candidates(parts).stream().map(texts::literal).distinct().toList());
    }
    if (parts.isEmpty()) {
      return texts.anyValue();
    }
    List<Node> choices = new ArrayList<>();
    if (kinds.contains(Kind.OBJECT)) {
      choices.add(new ObjectTexts(parts, this).node());
    }
    if (kinds.contains(Kind.ARRAY)) {
      choices.add(new ArrayTexts(parts, this).node());
    }
    if (kinds.contains(Kind.STRING)) {
      choices.add(string(parts));
    }
    if (kinds.contains(Kind.INTEGER)) {
      choices.add(Numbers.of(parts, kinds.contains(Kind.FRACTION)));
    }
    if (kinds.contains(Kind.BOOLEAN)) {
      choices.add(JsonTexts.BOOLEAN);
    }
    if (kinds.contains(Kind.NULL)) {
      choices.add(JsonTexts.NULL);
    }
    return Node.alternatives(choices);
  }

  private Node string(List<Part> parts) {
    List<Part> about =
        parts.stream()
            .filter(
                part ->
                    part.has("pattern")
                        || part.has("format")
                        || part.has("minLength")
                        || part.has("maxLength"))
            .toList();
    if (about.isEmpty()) {
      return texts.anyString();
    }
    List<JsonNode> key = new ArrayList<>();
    for (Part part : about) {
      for (String keyword : List.of("pattern", "format", "minLength", "maxLength")) {
        key.add(part.get(keyword));
      }
    }
    Node known = strings.get(key);
    if (known == null) {
      Node text = StringTexts.of(about);
      boolean any = text.equals(Node.repeat(Node.ANY, 0, Node.UNBOUNDED));
      known = any ? texts.anyString() : texts.string(text);
      strings.put(key, known);
    }
    return known;
  }

  JsonTexts texts() {
    return texts;
  }

  Expansion expansion() {
    return expansion;
  }
}
