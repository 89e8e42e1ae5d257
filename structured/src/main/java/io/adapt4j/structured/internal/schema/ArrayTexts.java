package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Node.Rule;
import java.util.ArrayList;
import java.util.List;

/** Arrays that conform to several schemas. */
final class ArrayTexts {

  private static final int MOST_PREFIX = 5_000;
  private static final int MOST_RULES = 20_000;

  private final List<Part> parts;
  private final Values values;
  private final JsonTexts texts;
  private int min;
  private int max = Node.UNBOUNDED;
  private int prefix;
  private boolean unique;

  ArrayTexts(List<Part> parts, Values values) {
    this.parts = parts;
    this.values = values;
    this.texts = values.texts();
    for (Part part : parts) {
      min = Math.max(min, StringTexts.count(part, "minItems", 0));
      max = Math.min(max, StringTexts.count(part, "maxItems", Node.UNBOUNDED));
      prefix = Math.max(prefix, Children.tuple(part).size());
      unique |= part.get("uniqueItems").asBoolean(false);
    }
    if (prefix > MOST_PREFIX) {
      Part part =
          parts.stream()
              .filter(p -> Children.tuple(p).size() > MOST_PREFIX)
              .findFirst()
              .orElseThrow();
      throw part.refused(
          part.has("prefixItems") ? "prefixItems" : "items",
          "expected at most "
              + MOST_PREFIX
              + " schemas, found "
              + Children.tuple(part).size()
              + ". Give the elements one schema with items.");
    }
  }

  Node node() {
    if (max < min) {
      return Node.NOTHING;
    }
    if (unique && max > 1) {
      for (Part part : parts) {
        if (Children.contained(part) > 0) {
          throw part.unsupported("contains", "Beside uniqueItems it is not.");
        }
      }
      return uniqueElements();
    }
    if (parts.stream().anyMatch(part -> Children.contained(part) > 0)) {
      return new ContainedTexts(parts, values, min, max, prefix).node();
    }
    Node element = values.value(Children.ofElement(parts, prefix));
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
                values.value(Children.ofElement(parts, i)),
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
    Instances instances = new Instances(values.expansion());
    List<JsonNode> elements = prefix > 0 ? null : instances.finite(Children.ofElement(parts, 0));
    if (elements == null) {
      Part part =
          parts.stream().filter(p -> p.get("uniqueItems").asBoolean()).findFirst().orElseThrow();
      throw part.unsupported(
          "uniqueItems", "It is for elements of an enum; leave it out, and check the answer.");
    }
    int most = Math.min(max, elements.size());
    if ((long) (most + 1) * (elements.size() + 1) > MOST_RULES) {
      Part part =
          parts.stream().filter(p -> p.get("uniqueItems").asBoolean()).findFirst().orElseThrow();
      throw part.refused(
          "uniqueItems",
          "expected few elements, found up to "
              + most
              + " of "
              + elements.size()
              + " values. Make maxItems smaller, or leave uniqueItems out, and check the answer.");
    }
    Rule[] next = new Rule[most + 1];
    for (int count = 0; count <= most; count++) {
      next[count] = new Rule("]");
      next[count].define(count >= min ? Node.literal("]") : Node.NOTHING);
    }
    for (int i = elements.size() - 1; i >= 0; i--) {
      Rule[] here = new Rule[most + 1];
      for (int count = 0; count <= most; count++) {
        List<Node> choices = new ArrayList<>(List.of(next[count].reference()));
        if (count < most) {
          choices.add(
              Node.sequence(
                  Node.literal(count == 0 ? "" : texts.comma()),
                  texts.literal(elements.get(i)),
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
