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
import org.jspecify.annotations.Nullable;

/**
 * Grammar of arguments that are not JSON: those of {@link ToolFormat#PYTHONIC}, with an empty
 * {@code quote}, and of {@link ToolFormat#GEMMA}.
 */
record LiteralGrammar(Tool tool, String quote, String assign, String between) {

  /** Beyond this depth, a value without a schema is no list or object. */
  private static final int MOST_FREE = 2;

  static TextConstraint python(Tool tool) {
    return new LiteralGrammar(tool, "", "=", ", ").arguments(tool.parameters());
  }

  static TextConstraint gemma(Tool tool, String quote) {
    return new LiteralGrammar(tool, quote, ":", ",").arguments(tool.parameters());
  }

  /** Required fields in order, then any of the others in order. */
  private TextConstraint arguments(Map<?, ?> schema) {
    Collection<?> required = schema.get("required") instanceof Collection<?> all ? all : List.of();
    List<TextConstraint> first = new ArrayList<>();
    List<TextConstraint> others = new ArrayList<>();
    if (schema.get("properties") instanceof Map<?, ?> properties) {
      properties.forEach(
          (name, property) ->
              (required.contains(name) ? first : others)
                  .add(
                      TextConstraint.sequence(
                          literal(name + assign), value(String.valueOf(name), property, 0))));
    }
    List<TextConstraint> parts = new ArrayList<>();
    for (TextConstraint field : first) {
      parts.add(parts.isEmpty() ? field : TextConstraint.sequence(literal(between), field));
    }
    if (!first.isEmpty()) {
      others.forEach(field -> parts.add(after(field)));
      return sequence(parts);
    }
    List<TextConstraint> beginnings = new ArrayList<>(List.of(literal("")));
    for (int i = 0; i < others.size(); i++) {
      List<TextConstraint> rest = new ArrayList<>(List.of(others.get(i)));
      others.subList(i + 1, others.size()).forEach(field -> rest.add(after(field)));
      beginnings.add(sequence(rest));
    }
    return TextConstraint.alternatives(beginnings.toArray(TextConstraint[]::new));
  }

  private TextConstraint after(TextConstraint field) {
    return TextConstraint.sequence(literal(between), field).optional();
  }

  private TextConstraint value(String name, @Nullable Object property, int depth) {
    Map<?, ?> schema = property instanceof Map<?, ?> map ? map : Map.of();
    Object type = schema.get("type");
    if (quote.isEmpty()) {
      return "boolean".equals(type) && !schema.containsKey("enum") && !schema.containsKey("const")
          ? Choice.of(List.of("True", "False"))
          : json(property);
    }
    if ("string".equals(type)) {
      return text(name, schema);
    }
    if ("array".equals(type) && plain(name, schema, "items")) {
      return list(value(name, schema.get("items"), depth + 1));
    }
    if ("object".equals(type) && schema.containsKey("properties")) {
      plain(name, schema, "properties", "required", "additionalProperties");
      return TextConstraint.sequence(literal("{"), arguments(schema), literal("}"));
    }
    if (type instanceof String && !type.equals("array") && !type.equals("object")) {
      return json(property);
    }
    if (tool.isStrict() && !schema.isEmpty()) {
      throw unsupported(name, schema.keySet());
    }
    return free(depth);
  }

  private TextConstraint json(@Nullable Object property) {
    try {
      Object whole = ArgumentGrammar.withDefinitions(tool, property == null ? Map.of() : property);
      return JsonSchema.parseSpaced(PlainJson.tree(whole).toString());
    } catch (UnsupportedConstraintException e) {
      if (tool.isStrict()) {
        throw ArgumentGrammar.unsupported(tool, e);
      }
      return quote.isEmpty() ? JsonSchema.parseSpaced("{}") : free(0);
    }
  }

  private TextConstraint text(String name, Map<?, ?> schema) {
    if (schema.get("enum") instanceof Collection<?> values && !values.isEmpty()) {
      return Choice.of(values.stream().map(value -> quote + value + quote).toList());
    }
    if (schema.get("const") instanceof String text) {
      return literal(quote + text + quote);
    }
    plain(name, schema);
    return anyText();
  }

  private TextConstraint anyText() {
    return TextConstraint.sequence(literal(quote), TextConstraint.textUntil(quote));
  }

  private TextConstraint list(TextConstraint element) {
    TextConstraint more = TextConstraint.sequence(literal(","), element).repeated(0, 1_000);
    return TextConstraint.sequence(
        literal("["), TextConstraint.sequence(element, more).optional(), literal("]"));
  }

  /** Any value, with lists and objects in it down to a depth. */
  private TextConstraint free(int depth) {
    List<TextConstraint> kinds = new ArrayList<>();
    kinds.add(anyText());
    kinds.add(JsonSchema.parseSpaced("{\"type\": [\"number\", \"boolean\", \"null\"]}"));
    if (depth < MOST_FREE) {
      TextConstraint element = free(depth + 1);
      kinds.add(list(element));
      TextConstraint field =
          TextConstraint.sequence(io.adapt4j.structured.Regex.of("[A-Za-z0-9_]+:"), element);
      TextConstraint more = TextConstraint.sequence(literal(","), field).repeated(0, 1_000);
      kinds.add(
          TextConstraint.sequence(
              literal("{"), TextConstraint.sequence(field, more).optional(), literal("}")));
    }
    return TextConstraint.alternatives(kinds.toArray(TextConstraint[]::new));
  }

  /**
   * Returns whether a schema has no keywords but these and those without effect; strict ones must.
   */
  private boolean plain(String name, Map<?, ?> schema, String... known) {
    Map<Object, Object> others = new LinkedHashMap<>(schema);
    others.keySet().removeAll(ArgumentGrammar.PLAIN);
    others.keySet().removeAll(List.of(known));
    if (tool.isStrict() && !others.isEmpty()) {
      throw unsupported(name, others.keySet());
    }
    return true;
  }

  private IllegalArgumentException unsupported(String name, Collection<?> keywords) {
    return new IllegalArgumentException(
        "tool '%s': its arguments cannot be ensured: %s of '%s' in the notation of this model"
            .formatted(tool.name(), keywords, name));
  }

  private static TextConstraint sequence(List<TextConstraint> parts) {
    return TextConstraint.sequence(parts.toArray(TextConstraint[]::new));
  }

  private static TextConstraint literal(String text) {
    return TextConstraint.literal(text);
  }
}
