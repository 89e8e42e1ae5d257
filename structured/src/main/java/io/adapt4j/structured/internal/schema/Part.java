package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A schema at its place in the document. Schemas that must all hold are a list of parts.
 *
 * @param schema an object or a boolean
 * @param path its place as a JSON pointer
 * @param base what its references are relative to
 * @param replacing whether {@code $ref} replaces the keywords beside it, as up to draft 7
 */
record Part(JsonNode schema, String path, String base, boolean replacing) {

  Part child(JsonNode child, String... steps) {
    StringBuilder place = new StringBuilder(path);
    for (String step : steps) {
      place.append('/').append(step.replace("~", "~0").replace("/", "~1"));
    }
    return new Part(
        child, place.toString(), SchemaDocument.baseOf(child, base, replacing), replacing);
  }

  Part child(String keyword) {
    return child(schema.path(keyword), keyword);
  }

  List<Part> children(String keyword) {
    JsonNode list = schema.path(keyword);
    if (!list.isArray() || list.isEmpty()) {
      throw new SchemaException(path + "/" + keyword, "expected a list of schemas, found " + list);
    }
    return IntStream.range(0, list.size())
        .mapToObj(i -> child(list.get(i), keyword, String.valueOf(i)))
        .toList();
  }

  boolean has(String keyword) {
    return schema.has(keyword);
  }

  JsonNode get(String keyword) {
    return schema.path(keyword);
  }

  SchemaException unsupported(String keyword, String remedy) {
    return new SchemaException(
        path + "/" + keyword, "the keyword " + keyword + " is not supported. " + remedy);
  }

  SchemaException invalid(String keyword, String expected) {
    return new SchemaException(
        path + "/" + keyword, "expected " + expected + ", found " + schema.path(keyword));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Part part && path.equals(part.path);
  }

  @Override
  public int hashCode() {
    return path.hashCode();
  }
}
