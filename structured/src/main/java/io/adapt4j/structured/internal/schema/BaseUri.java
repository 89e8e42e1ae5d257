package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.limit.Budget;
import java.net.URI;

/** Base URI against which references in a schema are resolved. */
final class BaseUri {

  /** The base of a schema that names none. */
  static final String ROOT = "adapt4j:schema";

  private static final int MOST_CHARACTERS = 4_000;

  private BaseUri() {}

  /** Returns the base within a schema. */
  static String of(Place parent, JsonNode schema, String base, boolean replacing) {
    JsonNode id = schema.path("$id");
    boolean ignored = replacing && schema.has("$ref");
    if (ignored || !id.isTextual() || id.textValue().startsWith("#")) {
      return base;
    }
    return resolve(parent, "$id", base, id.textValue());
  }

  /** Resolves the reference of a keyword in a schema or a subschema. */
  static String resolve(Place part, String keyword, String base, String reference) {
    if (reference.length() > MOST_CHARACTERS) {
      throw part.refused(
          keyword,
          "expected at most " + MOST_CHARACTERS + " characters, found " + reference.length());
    }
    Budget.current().step(100 + base.length() + reference.length());
    try {
      URI resolved =
          base.equals(ROOT) || base.startsWith("urn:")
              ? reference.startsWith("#") ? URI.create(base + reference) : URI.create(reference)
              : URI.create(base).resolve(reference);
      String text = resolved.toString();
      return text.endsWith("#") ? text.substring(0, text.length() - 1) : text;
    } catch (IllegalArgumentException e) {
      return reference;
    }
  }
}
