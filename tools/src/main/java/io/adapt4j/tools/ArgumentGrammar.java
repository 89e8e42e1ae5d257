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

/**
 * Grammar of a call with separate arguments: {@link ToolFormat#QWEN_XML} and {@link
 * ToolFormat#GLM}.
 */
record ArgumentGrammar(
    String begin,
    String named,
    String argument,
    String beforeClose,
    String close,
    String after,
    String end) {

  /** Schema keywords that do not constrain a text. */
  static final Set<String> PLAIN =
      Set.of("type", "title", "description", "default", "examples", "$comment", "deprecated");

  static ArgumentGrammar xml() {
    XmlCall.Tags tags = XmlCall.Tags.QWEN;
    return new ArgumentGrammar(
        "\n" + tags.function(),
        ">\n",
        tags.parameter() + "%s>\n",
        "\n",
        XmlCall.END_PARAMETER,
        "\n",
        tags.endFunction() + "\n" + tags.end());
  }

  /** MiniMax's grammar, whose calls share the tags around them. */
  static ArgumentGrammar invoke() {
    XmlCall.Tags tags = XmlCall.Tags.MINIMAX;
    return new ArgumentGrammar(
        tags.function(),
        "\">\n",
        tags.parameter() + "%s\">",
        "",
        XmlCall.END_PARAMETER,
        "\n",
        tags.endFunction());
  }

  /** GLM's grammar, from the template's text between the name of a tool and a value. */
  static ArgumentGrammar keyed(String probed) {
    String between = probed.substring(0, probed.indexOf(KeyedReader.KEY));
    String beforeValue =
        probed.substring(probed.indexOf(KeyedReader.END_KEY) + KeyedReader.END_KEY.length());
    return new ArgumentGrammar(
        "",
        between,
        KeyedReader.KEY + "%s" + KeyedReader.END_KEY + beforeValue,
        "",
        KeyedReader.END_VALUE,
        between,
        KeyedReader.END);
  }

  /** A call after {@code <tool_call>}. */
  TextConstraint afterSign(Tool tool) {
    List<TextConstraint> parts = new ArrayList<>();
    parts.add(TextConstraint.literal(begin + tool.name() + named));
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
    parts.add(TextConstraint.literal(end));
    return TextConstraint.sequence(parts.toArray(TextConstraint[]::new));
  }

  private TextConstraint argument(Tool tool, String name, Object property) {
    TextConstraint before = TextConstraint.literal(argument.replace("%s", name));
    ParameterTypes types = new ParameterTypes(tool.parameters());
    if (types.mayBeText(name)) {
      return TextConstraint.sequence(before, text(tool, name, property));
    }
    TextConstraint value;
    try {
      value = JsonSchema.parseSpaced(PlainJson.tree(withDefinitions(tool, property)).toString());
    } catch (UnsupportedConstraintException e) {
      if (tool.isStrict()) {
        throw unsupported(tool, e);
      }
      return TextConstraint.sequence(before, anyText());
    }
    return TextConstraint.sequence(
        before, value, TextConstraint.literal(beforeClose + close + after));
  }

  /** References are resolved against the root of a schema. */
  static Object withDefinitions(Tool tool, Object property) {
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

  private TextConstraint text(Tool tool, String name, Object property) {
    if (!(property instanceof Map<?, ?> schema)) {
      return anyText();
    }
    if (schema.get("enum") instanceof Collection<?> values
        && !values.isEmpty()
        && values.stream().allMatch(String.class::isInstance)) {
      List<String> texts = values.stream().map(String.class::cast).toList();
      return TextConstraint.sequence(
          Choice.of(texts), TextConstraint.literal(beforeClose + close + after));
    }
    if (schema.get("const") instanceof String text) {
      return TextConstraint.literal(text + beforeClose + close + after);
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

  private TextConstraint anyText() {
    return TextConstraint.sequence(TextConstraint.textUntil(close), TextConstraint.literal(after));
  }

  static IllegalArgumentException unsupported(Tool tool, Exception cause) {
    return new IllegalArgumentException(
        "tool '" + tool.name() + "': its arguments cannot be ensured: " + cause.getMessage(),
        cause);
  }
}
