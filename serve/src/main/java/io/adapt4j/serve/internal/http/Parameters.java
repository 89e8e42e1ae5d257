package io.adapt4j.serve.internal.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The parameters of a request. Each must be read or declared before {@link #requireNoOthers}, so
 * that nothing that would change an answer is ignored. Null counts as absent.
 */
public final class Parameters {

  private final JsonNode json;
  private final Set<String> known = new HashSet<>();

  public Parameters(JsonNode json) {
    if (!json.isObject()) {
      throw Fault.invalid(400, null, null, "The body must be a JSON object.");
    }
    this.json = json;
  }

  /** The whole object, for readers that do not need each parameter declared. */
  public JsonNode json() {
    return json;
  }

  /** A value, or empty. */
  public Optional<JsonNode> value(String name) {
    known.add(name);
    JsonNode value = json.path(name);
    return value.isMissingNode() || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  public JsonNode required(String name) {
    return value(name)
        .orElseThrow(
            () ->
                Fault.invalid(
                    400, name, "missing_required_parameter", name + ": expected, found none"));
  }

  public String text(String name) {
    JsonNode value = required(name);
    if (!value.isTextual()) {
      throw Fault.parameter(name, "expected a string, found " + kind(value));
    }
    return value.textValue();
  }

  public boolean flag(String name) {
    Optional<JsonNode> value = value(name);
    if (value.isPresent() && !value.get().isBoolean()) {
      throw Fault.parameter(name, "expected true or false, found " + kind(value.get()));
    }
    return value.isPresent() && value.get().booleanValue();
  }

  public OptionalInt integer(String name, int least, int most) {
    Optional<JsonNode> value = value(name);
    if (value.isEmpty()) {
      return OptionalInt.empty();
    }
    JsonNode number = value.get();
    if (!number.isIntegralNumber()
        || !number.canConvertToInt()
        || number.intValue() < least
        || number.intValue() > most) {
      throw Fault.parameter(
          name,
          "expected an integer from %d to %d, found %s".formatted(least, most, shown(number)));
    }
    return OptionalInt.of(number.intValue());
  }

  public Optional<Long> whole(String name) {
    Optional<JsonNode> value = value(name);
    if (value.isPresent() && !(value.get().isIntegralNumber() && value.get().canConvertToLong())) {
      throw Fault.parameter(name, "expected an integer of 64 bits, found " + shown(value.get()));
    }
    return value.map(JsonNode::longValue);
  }

  public OptionalDouble number(String name, double least, double most) {
    Optional<JsonNode> value = value(name);
    if (value.isEmpty()) {
      return OptionalDouble.empty();
    }
    JsonNode number = value.get();
    if (!number.isNumber() || !(number.doubleValue() >= least && number.doubleValue() <= most)) {
      throw Fault.parameter(
          name, "expected a number from %s to %s, found %s".formatted(least, most, shown(number)));
    }
    return OptionalDouble.of(number.doubleValue());
  }

  /** Reads a string or several. */
  public List<String> strings(String name) {
    Optional<JsonNode> value = value(name);
    if (value.isEmpty()) {
      return List.of();
    }
    if (value.get().isTextual()) {
      return List.of(value.get().textValue());
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode text : value.get().isArray() ? value.get() : List.of(value.get())) {
      if (!text.isTextual()) {
        throw Fault.parameter(name, "expected a string or strings, found " + kind(text));
      }
      texts.add(text.textValue());
    }
    return texts;
  }

  /** Declares parameters that do not affect the answer. */
  public void ignore(String... names) {
    known.addAll(List.of(names));
  }

  /** Refuses a parameter unless its value has no effect. */
  public void refuse(String name, Predicate<JsonNode> asksForNothing) {
    Optional<JsonNode> value = value(name);
    if (value.isPresent() && !asksForNothing.test(value.get())) {
      throw Fault.unsupported(name, "this server does not support it yet. Leave it out.");
    }
  }

  public void requireNoOthers() {
    Iterator<String> names = json.fieldNames();
    while (names.hasNext()) {
      String name = names.next();
      if (!known.contains(name)) {
        throw Fault.invalid(
            400, name, "unknown_parameter", "Unrecognized request argument supplied: " + name);
      }
    }
  }

  public static String kind(JsonNode value) {
    return switch (value.getNodeType()) {
      case ARRAY -> "an array";
      case OBJECT -> "an object";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "a boolean";
      default -> "null";
    };
  }

  private static String shown(JsonNode value) {
    String text = value.isNumber() ? value.toString() : kind(value);
    return text.length() > 40 ? text.substring(0, 40) + "..." : text;
  }
}
