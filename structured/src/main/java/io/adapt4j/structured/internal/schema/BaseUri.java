package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;

/** What references in a schema are relative to. */
final class BaseUri {

  /** The base of a schema that names none. */
  static final String ROOT = "adapt4j:schema";

  private BaseUri() {}

  /** The base within a schema. */
  static String of(JsonNode schema, String base, boolean replacing) {
    JsonNode id = schema.path("$id");
    boolean ignored = replacing && schema.has("$ref");
    if (ignored || !id.isTextual() || id.textValue().startsWith("#")) {
      return base;
    }
    return resolve(base, id.textValue());
  }

  static String resolve(String base, String reference) {
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
