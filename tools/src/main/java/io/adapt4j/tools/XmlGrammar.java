package io.adapt4j.tools;

import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.structured.Choice;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.TextConstraint;
import io.adapt4j.structured.UnsupportedConstraintException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The texts of a call in {@link ToolFormat#QWEN_XML}: each argument by itself. */
final class XmlGrammar {

  private static final String END = "\n" + XmlCall.END_PARAMETER + "\n";

  /** What says nothing about the characters of a text. */
  private static final Set<String> PLAIN =
      Set.of("type", "title", "description", "default", "examples", "$comment", "deprecated");

  private XmlGrammar() {}

  /** A call after {@code <tool_call>}. */
  static TextConstraint afterSign(Tool tool) {
    List<TextConstraint> parts = new ArrayList<>();
    parts.add(TextConstraint.literal("\n" + XmlCall.FUNCTION + tool.name() + ">\n"));
    Map<String, Object> schema = tool.parameters();
    Collection<?> required =
        schema.get("required") instanceof Collection<?> names ? names : List.of();
    if (schema.get("properties") instanceof Map<?, ?> properties) {
      properties.forEach(
          (name, property) -> {
            TextConstraint argument = argument(tool, (String) name, property);
            parts.add(required.contains(name) ? argument : argument.optional());
          });
    }
    parts.add(TextConstraint.literal(XmlCall.END_FUNCTION + "\n</tool_call>"));
    return TextConstraint.sequence(parts.toArray(TextConstraint[]::new));
  }

  private static TextConstraint argument(Tool tool, String name, Object property) {
    TextConstraint begin = TextConstraint.literal(XmlCall.PARAMETER + name + ">\n");
    ParameterTypes types = new ParameterTypes(tool.parameters());
    if (types.mayBeText(name)) {
      return TextConstraint.sequence(begin, text(tool, name, property));
    }
    TextConstraint value;
    try {
      value = JsonSchema.parseSpaced(PlainJson.tree(withDefinitions(tool, property)).toString());
    } catch (UnsupportedConstraintException e) {
      if (tool.isStrict()) {
        throw unsupported(tool, e);
      }
      return TextConstraint.sequence(begin, anyText());
    }
    return TextConstraint.sequence(begin, value, TextConstraint.literal(END));
  }

  /** References begin at the root of a schema. */
  private static Object withDefinitions(Tool tool, Object property) {
    if (!(property instanceof Map<?, ?> schema)) {
      return property;
    }
    Map<Object, Object> whole = new LinkedHashMap<>(schema);
    for (String definitions : List.of("$defs", "definitions")) {
      if (tool.parameters().containsKey(definitions)) {
        whole.put(definitions, tool.parameters().get(definitions));
      }
    }
    return whole;
  }

  private static TextConstraint text(Tool tool, String name, Object property) {
    if (!(property instanceof Map<?, ?> schema)) {
      return anyText();
    }
    if (schema.get("enum") instanceof Collection<?> values
        && !values.isEmpty()
        && values.stream().allMatch(String.class::isInstance)) {
      List<String> texts = values.stream().map(String.class::cast).toList();
      return TextConstraint.sequence(Choice.of(texts), TextConstraint.literal(END));
    }
    if (schema.get("const") instanceof String text) {
      return TextConstraint.literal(text + END);
    }
    List<String> others =
        schema.keySet().stream()
            .map(String::valueOf)
            .filter(keyword -> !PLAIN.contains(keyword))
            .sorted()
            .toList();
    if (!others.isEmpty() && tool.isStrict()) {
      throw new IllegalArgumentException(
          "tool '%s': its arguments cannot be ensured: %s of the text '%s', which this model writes without quotes"
              .formatted(tool.name(), others, name));
    }
    return anyText();
  }

  private static TextConstraint anyText() {
    return TextConstraint.sequence(
        TextConstraint.textUntil(XmlCall.END_PARAMETER), TextConstraint.literal("\n"));
  }

  static IllegalArgumentException unsupported(Tool tool, Exception cause) {
    return new IllegalArgumentException(
        "tool '" + tool.name() + "': its arguments cannot be ensured: " + cause.getMessage(),
        cause);
  }
}
