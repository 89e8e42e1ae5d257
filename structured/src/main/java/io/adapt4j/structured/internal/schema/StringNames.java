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

  static CharDfa of(Part schema, Expander expansion) {
    CharDfa all = CharDfa.of(Node.NOTHING);
    for (Set<Part> parts : expansion.of(List.of(schema))) {
      // The union of both, by De Morgan's laws.
      all = all.complement().and(flat(new ArrayList<>(parts), expansion).complement());
      all = all.complement();
    }
    return all;
  }

  private static CharDfa flat(List<Part> parts, Expander expansion) {
    if (parts.stream().anyMatch(part -> !Kind.of(part).contains(Kind.STRING))) {
      return CharDfa.of(Node.NOTHING);
    }
    if (parts.stream().anyMatch(Instances::isListed)) {
      return CharDfa.ofTexts(
          new Instances(expansion)
              .candidates(parts).stream()
                  .filter(JsonNode::isTextual)
                  .map(JsonNode::textValue)
                  .toList());
    }
    CharDfa all = CharDfa.of(Node.repeat(Node.ANY, 0, Node.UNBOUNDED));
    for (Part part : parts) {
      for (TextPattern text : StringTexts.patterns(part)) {
        all = all.and(text.automaton());
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
