package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Rule;
import java.util.ArrayList;
import java.util.List;

/** Arrays that several schemas hold for. */
final class ArrayTexts {

  private static final int MOST_PREFIX = 5_000;

  private final List<Part> parts;
  private final SchemaCompiler compiler;
  private final JsonTexts texts;
  private int min;
  private int max = Node.UNBOUNDED;
  private int prefix;
  private boolean unique;

  ArrayTexts(List<Part> parts, SchemaCompiler compiler) {
    this.parts = parts;
    this.compiler = compiler;
    this.texts = compiler.texts();
    for (Part part : parts) {
      min = Math.max(min, StringTexts.count(part, "minItems", 0));
      max = Math.min(max, StringTexts.count(part, "maxItems", Node.UNBOUNDED));
      prefix = Math.max(prefix, tuple(part).size());
      unique |= part.get("uniqueItems").asBoolean(false);
    }
    if (prefix > MOST_PREFIX) {
      throw new SchemaException(
          parts.get(0).path(), "prefixItems has more than " + MOST_PREFIX + " schemas");
    }
  }

  /** Schemas of the first elements; before draft 2020-12 they stood in {@code items}. */
  private static List<Part> tuple(Part part) {
    String keyword = part.has("prefixItems") ? "prefixItems" : "items";
    JsonNode list = part.get(keyword);
    return list.isArray() && !list.isEmpty() ? part.children(keyword) : List.of();
  }

  /** The schemas that hold for an element. */
  static List<Part> schemas(List<Part> parts, int index) {
    List<Part> all = new ArrayList<>();
    for (Part part : parts) {
      List<Part> tuple = tuple(part);
      if (index < tuple.size()) {
        all.add(tuple.get(index));
      } else if (part.get("items").isArray()) {
        if (part.has("additionalItems")) {
          all.add(part.child("additionalItems"));
        }
      } else if (part.has("items")) {
        all.add(part.child("items"));
      }
    }
    return all;
  }

  Node node() {
    if (max < min) {
      return Node.NOTHING;
    }
    if (unique && max > 1) {
      return uniqueElements();
    }
    Node element = compiler.value(schemas(parts, prefix));
    if (prefix == 0) {
      return Node.sequence(Node.literal("["), texts.list(element, min, max), Node.literal("]"));
    }
    Rule next = new Rule("]");
    next.define(
        Node.sequence(
            Node.repeat(
                Node.sequence(Node.literal(texts.comma()), element),
                Math.max(0, min - prefix),
                max == Node.UNBOUNDED ? max : Math.max(0, max - prefix)),
            Node.literal("]")));
    for (int i = prefix - 1; i >= 0; i--) {
      List<Node> choices = new ArrayList<>();
      if (i < max) {
        choices.add(
            Node.sequence(
                Node.literal(i == 0 ? "" : texts.comma()),
                compiler.value(schemas(parts, i)),
                next.reference()));
      }
      if (i >= min) {
        choices.add(Node.literal("]"));
      }
      next = new Rule("]");
      next.define(Node.alternatives(choices));
    }
    return Node.sequence(Node.literal("["), next.reference());
  }

  /** Elements of a finite set, each at most once, in the order of the set. */
  private Node uniqueElements() {
    Instances instances = new Instances(compiler.expansion());
    List<JsonNode> values = prefix > 0 ? null : instances.finite(schemas(parts, 0));
    if (values == null) {
      Part part =
          parts.stream().filter(p -> p.get("uniqueItems").asBoolean()).findFirst().orElseThrow();
      throw part.unsupported(
          "uniqueItems", "It is for elements of an enum; leave it out, and check the answer.");
    }
    int most = Math.min(max, values.size());
    Rule[] next = new Rule[most + 1];
    for (int count = 0; count <= most; count++) {
      next[count] = new Rule("]");
      next[count].define(count >= min ? Node.literal("]") : Node.NOTHING);
    }
    for (int i = values.size() - 1; i >= 0; i--) {
      Rule[] here = new Rule[most + 1];
      for (int count = 0; count <= most; count++) {
        List<Node> choices = new ArrayList<>(List.of(next[count].reference()));
        if (count < most) {
          choices.add(
              Node.sequence(
                  Node.literal(count == 0 ? "" : texts.comma()),
                  texts.literal(values.get(i)),
                  next[count + 1].reference()));
        }
        here[count] = new Rule("[]");
        here[count].define(Node.alternatives(choices));
      }
      next = here;
    }
    return Node.sequence(Node.literal("["), next[0].reference());
  }
}
