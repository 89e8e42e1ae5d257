package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Node.Rule;
import io.adapt4j.structured.internal.limit.TooLargeException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compiles a schema to a grammar. Schemas that must all apply to a value are merged; each set of
 * them is one rule, so that schemas may be recursive.
 */
public final class SchemaCompiler {

  private static final int MOST_RULES = 20_000;

  private final Expansion expansion;
  private final JsonTexts texts;
  private final Map<Set<Part>, Rule> rules = new HashMap<>();
  private final Map<String, Node> strings = new HashMap<>();
  private final Deque<Runnable> open = new ArrayDeque<>();

  private final Values values =
      new Values() {
        @Override
        public Node value(List<Part> schemas) {
          return SchemaCompiler.this.value(schemas);
        }

        @Override
        public JsonTexts texts() {
          return texts;
        }

        @Override
        public Expander expansion() {
          return expansion;
        }
      };

  private SchemaCompiler(SchemaDocument document, boolean spaced) {
    this.expansion = new Expansion(document);
    this.texts = new JsonTexts(spaced);
  }

  /** Compiles a schema. */
  public static Node compile(String schema, boolean spaced) {
    return compile(SchemaDocument.of(schema), spaced);
  }

  /** Writes a schema. */
  public static String text(Map<String, ?> schema) {
    return SchemaDocument.text(schema);
  }

  /** Returns any JSON object. */
  public static Node anyObject(boolean spaced) {
    return new JsonTexts(spaced).anyObject();
  }

  private static Node compile(SchemaDocument document, boolean spaced) {
    SchemaCompiler compiler = new SchemaCompiler(document, spaced);
    try {
      Node root = compiler.value(List.of(document.root()));
      while (!compiler.open.isEmpty()) {
        compiler.open.pop().run();
      }
      return root;
    } catch (TooLargeException e) {
      throw new SchemaException(
          document.root().compilation().place(), String.valueOf(e.getMessage()));
    }
  }

  /** The values that conform to all schemas. */
  private Node value(List<Part> schemas) {
    Set<Part> parts = new LinkedHashSet<>(schemas);
    parts.removeIf(part -> part.schema().isBoolean() && part.schema().booleanValue());
    if (parts.isEmpty()) {
      return texts.anyValue();
    }
    Rule known = rules.get(parts);
    if (known == null) {
      if (rules.size() >= MOST_RULES) {
        throw new SchemaException(
            parts.iterator().next().path(),
            "the schema needs more than "
                + MOST_RULES
                + " rules here: offer fewer alternatives and properties, or divide it");
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
    if (parts.isEmpty()) {
      return texts.anyValue();
    }
    Set<Kind> kinds = Kind.common(parts);
    Instances instances = new Instances(expansion);
    if (parts.stream().anyMatch(Instances::isListed)) {
      return Node.alternatives(instances.candidates(parts).stream().map(texts::literal).toList());
    }
    parts.get(0).compilation().at(parts.get(0), "");
    Instances.requireExcludable(parts, kinds);
    List<Node> choices = new ArrayList<>();
    if (kinds.contains(Kind.OBJECT)) {
      choices.add(new ObjectTexts(parts, values).node());
    }
    if (kinds.contains(Kind.ARRAY)) {
      choices.add(new ArrayTexts(parts, values).node());
    }
    if (kinds.contains(Kind.STRING)) {
      choices.add(string(parts));
    }
    if (kinds.contains(Kind.INTEGER)) {
      choices.add(Numbers.of(parts, kinds.contains(Kind.FRACTION)));
    } else if (kinds.contains(Kind.FRACTION)) {
      choices.add(Numbers.fractions(parts));
    }
    for (JsonNode constant : instances.constants(parts, kinds)) {
      choices.add(Node.literal(constant.toString()));
    }
    return Node.alternatives(choices);
  }

  private Node string(List<Part> parts) {
    List<Part> about =
        parts.stream().filter(part -> StringTexts.KEYWORDS.stream().anyMatch(part::has)).toList();
    if (about.isEmpty()) {
      return texts.anyString();
    }
    StringBuilder conditions = new StringBuilder();
    for (Part part : about) {
      for (String keyword : StringTexts.KEYWORDS) {
        conditions.append(part.get(keyword)).append(' ');
      }
    }
    String key = conditions.toString();
    Node known = strings.get(key);
    if (known == null) {
      Node text = StringTexts.of(about);
      boolean any = text.equals(Node.repeat(Node.ANY, 0, Node.UNBOUNDED));
      known = any ? texts.anyString() : texts.string(text);
      if (about.stream().anyMatch(part -> StringTexts.PATTERNS.stream().anyMatch(part::has))) {
        // Its states exist once, however often it is used.
        Rule rule = new Rule(about.get(0).path());
        rule.define(known);
        known = rule.reference();
      }
      strings.put(key, known);
    }
    return known;
  }
}
