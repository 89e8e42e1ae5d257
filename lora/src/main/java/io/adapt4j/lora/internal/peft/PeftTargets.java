package io.adapt4j.lora.internal.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.collect.Streams;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ConfigReader;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Target modules of an adapter: all linear ones, some by name, or those an expression matches. */
public record PeftTargets(List<String> names, Optional<String> expression) {

  private static final String ALL = "all-linear";

  public static final PeftTargets ALL_LINEAR = new PeftTargets(List.of(), Optional.empty());

  /** Returns the modules whose paths end with one of the names. */
  public static PeftTargets names(List<String> names) {
    List<String> copy = List.copyOf(names);
    if (copy.isEmpty() || copy.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(
          "targets: expected one or more module names, found " + copy);
    }
    return new PeftTargets(copy, Optional.empty());
  }

  /** Returns the modules whose whole paths match an expression. */
  public static PeftTargets regex(String expression) {
    try {
      Pattern.compile(expression);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "targets: expected a regular expression, found '" + expression + "': " + e.getMessage(),
          e);
    }
    return new PeftTargets(List.of(), Optional.of(expression));
  }

  /** Reads names or an expression; empty if the field is absent or null. */
  public static Optional<PeftTargets> read(ConfigReader fields, String field) {
    JsonNode value = fields.json().path(field);
    if (value.isArray()) {
      fields.texts(field);
    }
    try {
      return of(value);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(fields.file() + ": " + field + ": " + e.getMessage(), e);
    }
  }

  /** Returns names or an expression; empty for no value or an empty one. */
  public static Optional<PeftTargets> of(JsonNode value) {
    if (value.isTextual()) {
      String text = value.textValue();
      return Optional.of(text.equalsIgnoreCase(ALL) ? ALL_LINEAR : regex(text));
    }
    return value.isArray() && !value.isEmpty()
        ? Optional.of(names(Streams.stream(value).map(JsonNode::textValue).toList()))
        : Optional.empty();
  }

  public boolean isAllLinear() {
    return names.isEmpty() && expression.isEmpty();
  }

  /** Returns whether a module is selected. */
  public boolean matches(String path) {
    return names.isEmpty()
        ? expression.map(own -> Expressions.matches(own, path)).orElse(true)
        : names.stream().anyMatch(name -> PeftNames.names(path, name));
  }

  /** Returns names or an expression; all linear layers by PEFT's keyword. */
  public JsonNode json() {
    if (names.isEmpty()) {
      return JsonNodeFactory.instance.textNode(expression.orElse(ALL));
    }
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    names.forEach(array::add);
    return array;
  }

  @Override
  public String toString() {
    return names.isEmpty() ? expression.map(own -> "'" + own + "'").orElse(ALL) : names.toString();
  }
}
