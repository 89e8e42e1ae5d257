package io.adapt4j.serve.internal.chat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.TextConstraint;
import io.adapt4j.structured.UnsupportedConstraintException;
import java.util.Optional;
import java.util.function.Supplier;

/** Required format of an answer's text. Schemas are compiled when the constraint is requested. */
public final class TextShape {

  private static final TextShape ANY = new TextShape("response_format", Optional::empty);

  private final String name;
  private final Supplier<Optional<TextConstraint>> constraint;

  private TextShape(String name, Supplier<Optional<TextConstraint>> constraint) {
    this.name = name;
    this.constraint = constraint;
  }

  /** The name of the parameter. */
  String name() {
    return name;
  }

  boolean isAny() {
    return equals(ANY);
  }

  /** The constraint; empty if any text is allowed. Compiling a schema may take long. */
  Optional<TextConstraint> constraint() {
    return constraint.get();
  }

  /** Reads {@code response_format} of a conversation. */
  static TextShape read(Parameters parameters) {
    Optional<JsonNode> json = parameters.value("response_format");
    return json.map(
            format -> read("response_format", "json_schema.", format, format.path("json_schema")))
        .orElse(ANY);
  }

  /** Reads {@code text.format} of a response. */
  public static TextShape readText(Parameters parameters) {
    JsonNode text = parameters.value("text").orElse(null);
    if (text == null) {
      return ANY;
    }
    if (!text.isObject()) {
      throw Fault.parameter("text", "expected an object, found " + Parameters.kind(text));
    }
    Parameters fields = new Parameters(text);
    if (fields.value("verbosity").filter(how -> !how.asText().equals("medium")).isPresent()) {
      throw Fault.unsupported("text", "this server has the verbosity medium alone");
    }
    Optional<JsonNode> format = fields.value("format");
    fields.requireNoOthers();
    return format.map(json -> read("text", "format.", json, json)).orElse(ANY);
  }

  /** Reads a format. The schema is at the given place within the parameter, in the given holder. */
  private static TextShape read(String name, String at, JsonNode format, JsonNode holder) {
    return switch (format.path("type").asText()) {
      case "text" -> ANY;
      case "json_object" -> new TextShape(name, () -> Optional.of(JsonSchema.anyObject()));
      case "json_schema" -> schema(name, at, holder.path("schema"));
      default -> throw Fault.parameter(name, "expected the type text, json_object or json_schema");
    };
  }

  private static TextShape schema(String name, String at, JsonNode schema) {
    if (!schema.isObject()) {
      throw Fault.parameter(name, at + "schema: expected an object");
    }
    return new TextShape(name, () -> Optional.of(parsed(name, at, schema)));
  }

  private static TextConstraint parsed(String name, String at, JsonNode schema) {
    try {
      return JsonSchema.parse(Json.compact(schema));
    } catch (UnsupportedConstraintException e) {
      throw Fault.parameter(name, at + "schema: " + e.getMessage());
    }
  }
}
