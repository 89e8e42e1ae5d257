package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.regex.CharDfa;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The names that {@code propertyNames} allows. */
final class StringNames {

  private StringNames() {}

  static CharDfa of(Part schema, Expansion expansion) {
    CharDfa all = CharDfa.of(Node.NOTHING);
    for (Set<Part> parts : expansion.of(List.of(schema))) {
      // Either of both: what neither of their complements has.
      all = all.complement().and(flat(new ArrayList<>(parts), expansion).complement());
      all = all.complement();
    }
    return all;
  }

  private static CharDfa flat(List<Part> parts, Expansion expansion) {
    if (parts.stream().anyMatch(part -> !Kind.of(part).contains(Kind.STRING))) {
      return CharDfa.of(Node.NOTHING);
    }
    if (parts.stream().anyMatch(part -> part.has("enum") || part.has("const"))) {
      return CharDfa.of(
          Node.alternatives(
              new Instances(expansion)
                  .candidates(parts).stream()
                      .filter(JsonNode::isTextual)
                      .map(value -> Node.literal(value.textValue()))
                      .toList()));
    }
    CharDfa all = CharDfa.of(Node.repeat(Node.ANY, 0, Node.UNBOUNDED));
    for (Part part : parts) {
      for (Node text : StringTexts.patterns(part)) {
        all = all.and(CharDfa.of(text));
      }
      all =
          all.and(
              CharDfa.ofLength(
                  StringTexts.count(part, "minLength", 0),
                  StringTexts.count(part, "maxLength", Node.UNBOUNDED)));
    }
    return all;
  }
}
