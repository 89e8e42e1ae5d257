package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.regex.CharDfa;
import io.adapt4j.structured.internal.regex.RegexException;
import io.adapt4j.structured.internal.regex.RegexParser;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** Strings that several schemas hold for. */
final class StringTexts {

  private static final int MOST_LENGTH = 1_000_000;

  private StringTexts() {}

  /** The characters of the strings that all parts hold for. */
  static Node of(List<Part> parts) {
    int min = 0;
    int max = Node.UNBOUNDED;
    List<Node> texts = new ArrayList<>();
    for (Part part : parts) {
      min = Math.max(min, count(part, "minLength", 0));
      max = Math.min(max, count(part, "maxLength", Node.UNBOUNDED));
      texts.addAll(patterns(part));
    }
    if (max < min) {
      return Node.NOTHING;
    }
    Part at = parts.isEmpty() ? null : parts.get(0);
    if (texts.isEmpty()) {
      return Node.repeat(Node.ANY, min, max);
    }
    boolean bounded = min > 0 || max != Node.UNBOUNDED;
    if (texts.size() == 1 && (!bounded || Lengths.of(texts.get(0)).isWithin(min, max))) {
      return texts.get(0);
    }
    try {
      CharDfa all = CharDfa.of(texts.get(0));
      for (Node text : texts.subList(1, texts.size())) {
        all = all.and(CharDfa.of(text));
      }
      if (bounded) {
        all = all.and(CharDfa.ofLength(min, max));
      }
      return all.toNode("string");
    } catch (RegexException e) {
      throw new SchemaException(
          at == null ? "#" : at.path(),
          "pattern, format and lengths together are too large: "
              + e.getMessage()
              + ". State the lengths in the pattern.");
    }
  }

  /** The texts that the pattern and the format of a schema allow. */
  static List<Node> patterns(Part part) {
    List<Node> texts = new ArrayList<>();
    if (part.has("pattern")) {
      texts.add(searched(part, "pattern", part.get("pattern").asText()));
    }
    if (part.has("format")) {
      Formats.regex(part).map(RegexParser::whole).ifPresent(texts::add);
    }
    return texts;
  }

  static Node searched(Part part, String keyword, String regex) {
    try {
      return RegexParser.search(regex);
    } catch (RegexException e) {
      throw new SchemaException(
          part.path() + "/" + keyword,
          "expected a regular expression that is supported: " + e.getMessage());
    }
  }

  /** A keyword that counts. */
  static int count(Part part, String keyword, int missing) {
    if (!part.has(keyword)) {
      return missing;
    }
    JsonNode value = part.get(keyword);
    if (!value.isNumber()
        || value.decimalValue().signum() < 0
        || value.decimalValue().stripTrailingZeros().scale() > 0) {
      throw part.invalid(keyword, "an integer of at least 0");
    }
    if (value.decimalValue().compareTo(BigDecimal.valueOf(MOST_LENGTH)) > 0) {
      if (keyword.startsWith("max")) {
        return Node.UNBOUNDED;
      }
      throw part.invalid(keyword, "at most " + MOST_LENGTH);
    }
    return value.decimalValue().intValueExact();
  }
}
