package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.regex.CharDfa;
import io.adapt4j.structured.internal.regex.RegexException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Strings that conform to several schemas. */
final class StringTexts {

  private static final int MOST_LENGTH = 1_000_000;

  /** Keywords about the characters of a string. */
  static final List<String> KEYWORDS =
      List.of(
          "pattern", "format", Negation.NOT_PATTERN, Negation.NOT_ENUM, "minLength", "maxLength");

  /** Keywords whose texts have many states, and exist once. */
  static final List<String> PATTERNS = KEYWORDS.subList(0, 4);

  private StringTexts() {}

  /** The characters of the strings that conform to all parts. */
  static Node of(List<Part> parts) {
    int min = least(parts);
    int max = most(parts);
    if (max < min) {
      return Node.NOTHING;
    }
    List<TextPattern> texts = allPatterns(parts);
    if (texts.isEmpty()) {
      return Node.repeat(Node.ANY, min, max);
    }
    boolean bounded = min > 0 || max != Node.UNBOUNDED;
    if (texts.size() == 1 && (!bounded || Lengths.of(texts.get(0).node()).isWithin(min, max))) {
      return texts.get(0).node();
    }
    try {
      CharDfa all = texts.get(0).automaton();
      for (TextPattern text : texts.subList(1, texts.size())) {
        all = all.and(text.automaton());
      }
      if (bounded) {
        all = all.and(CharDfa.ofLength(min, max));
      }
      return all.toNode("string");
    } catch (RegexException e) {
      throw tooLarge(parts, e);
    }
  }

  /** Returns whether certainly no string conforms to all parts. */
  static boolean isNothing(List<Part> parts) {
    if (most(parts) < least(parts)) {
      return true;
    }
    List<TextPattern> texts = allPatterns(parts);
    if (texts.size() == 2 && least(parts) == 0 && most(parts) == Node.UNBOUNDED) {
      try {
        return !texts.get(0).automaton().meets(texts.get(1).automaton());
      } catch (RegexException e) {
        throw tooLarge(parts, e);
      }
    }
    return !texts.isEmpty() && of(parts).equals(Node.NOTHING);
  }

  private static SchemaException tooLarge(List<Part> parts, RegexException cause) {
    Part at =
        parts.stream()
            .filter(part -> KEYWORDS.stream().anyMatch(part::has))
            .findFirst()
            .orElseThrow();
    String keyword = KEYWORDS.stream().filter(at::has).findFirst().orElseThrow();
    return at.refused(
        keyword,
        "pattern, format and lengths together are too large: "
            + cause.getMessage()
            + ". State the lengths in the pattern.");
  }

  private static int least(List<Part> parts) {
    int min = 0;
    for (Part part : parts) {
      min = Math.max(min, count(part, "minLength", 0));
    }
    return min;
  }

  private static int most(List<Part> parts) {
    int max = Node.UNBOUNDED;
    for (Part part : parts) {
      max = Math.min(max, count(part, "maxLength", Node.UNBOUNDED));
    }
    return max;
  }

  private static List<TextPattern> allPatterns(List<Part> parts) {
    List<TextPattern> texts = new ArrayList<>();
    for (Part part : parts) {
      texts.addAll(patterns(part));
    }
    return texts.stream().distinct().toList();
  }

  /** The texts that the pattern and the format of a schema allow. */
  static List<TextPattern> patterns(Part part) {
    List<TextPattern> texts = new ArrayList<>();
    if (part.has("pattern")) {
      texts.add(part.compilation().searched(part, "pattern", part.get("pattern").asText()));
    }
    if (part.has("format")) {
      Formats.regex(part)
          .ifPresent(regex -> texts.add(part.compilation().whole(part, "format", regex)));
    }
    if (part.has(Negation.NOT_PATTERN)) {
      String regex = part.get(Negation.NOT_PATTERN).asText();
      texts.add(part.compilation().unsearched(part, Negation.NOT_PATTERN, regex));
    }
    Set<String> others = new LinkedHashSet<>();
    for (JsonNode value : part.get(Negation.NOT_ENUM)) {
      if (value.isTextual()) {
        others.add(value.textValue());
      }
    }
    if (!others.isEmpty()) {
      texts.add(part.compilation().except(part, Negation.NOT_ENUM, others));
    }
    return texts;
  }

  /** Returns whether the pattern and the format of a schema allow a text. */
  static boolean accepts(Part part, String text) {
    try {
      for (TextPattern pattern : patterns(part)) {
        if (!pattern.automaton().accepts(text)) {
          return false;
        }
      }
      return true;
    } catch (RegexException e) {
      throw tooLarge(List.of(part), e);
    }
  }

  /** Reads a keyword with a count. */
  static int count(Part part, String keyword, int missing) {
    if (!part.has(keyword)) {
      return missing;
    }
    JsonNode value = part.get(keyword);
    if (!value.isNumber() || value.decimalValue().signum() < 0) {
      throw part.invalid(keyword, "an integer of at least 0");
    }
    if (keyword.startsWith("max") && Digits.exceed(value.decimalValue())) {
      return Node.UNBOUNDED;
    }
    BigDecimal number = Digits.checked(part, keyword, value);
    if (number.stripTrailingZeros().scale() > 0) {
      throw part.invalid(keyword, "an integer of at least 0");
    }
    if (number.compareTo(BigDecimal.valueOf(MOST_LENGTH)) > 0) {
      if (keyword.startsWith("max")) {
        return Node.UNBOUNDED;
      }
      throw part.invalid(keyword, "at most " + MOST_LENGTH);
    }
    return number.intValueExact();
  }
}
