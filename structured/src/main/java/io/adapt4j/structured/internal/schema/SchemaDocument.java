package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A schema with the places that its references can name. */
final class SchemaDocument {

  private static final int MOST_CHARACTERS = 1 << 20;
  private static final int DEEPEST = 200;
  private static final String ROOT = "adapt4j:schema";

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                  .build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private final Part root;
  private final Map<String, Part> known = new HashMap<>();

  private SchemaDocument(JsonNode schema) {
    boolean replacing =
        schema.path("$schema").asText("").matches("https?://json-schema.org/draft-0[3-7]/.*");
    this.root = new Part(schema, "#", baseOf(schema, ROOT, replacing), replacing);
    known.put(ROOT, root);
    index(root);
  }

  static SchemaDocument of(String text) {
    if (text.length() > MOST_CHARACTERS) {
      throw new SchemaException(
          "#", "expected at most " + MOST_CHARACTERS + " characters, found " + text.length());
    }
    try {
      return new SchemaDocument(MAPPER.readTree(text));
    } catch (JsonProcessingException e) {
      throw new SchemaException("#", "expected JSON: " + e.getOriginalMessage());
    }
  }

  static SchemaDocument of(Map<String, ?> schema) {
    try {
      return of(MAPPER.writeValueAsString(schema));
    } catch (JsonProcessingException e) {
      throw new SchemaException("#", "expected values of JSON: " + e.getOriginalMessage());
    }
  }

  Part root() {
    return root;
  }

  static String baseOf(JsonNode schema, String base, boolean replacing) {
    JsonNode id = schema.path("$id");
    boolean ignored = replacing && schema.has("$ref");
    if (ignored || !id.isTextual() || id.textValue().startsWith("#")) {
      return base;
    }
    return resolve(base, id.textValue());
  }

  private static String resolve(String base, String reference) {
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

  private void index(Part part) {
    JsonNode schema = part.schema();
    if (!schema.isObject()) {
      return;
    }
    boolean ignored = part.replacing() && schema.has("$ref");
    JsonNode id = schema.path("$id");
    if (id.isTextual() && !ignored) {
      String name = id.textValue();
      known.putIfAbsent(name.startsWith("#") ? part.base() + name : part.base(), part);
    }
    JsonNode anchor = schema.path("$anchor");
    if (anchor.isTextual()) {
      known.putIfAbsent(part.base() + "#" + anchor.textValue(), part);
    }
    for (Map.Entry<String, JsonNode> field : schema.properties()) {
      String keyword = field.getKey();
      JsonNode value = field.getValue();
      if (Keywords.NAMED.contains(keyword) && value.isObject()) {
        value.properties().forEach(e -> index(part.child(e.getValue(), keyword, e.getKey())));
      } else if (Keywords.LIST.contains(keyword) && value.isArray()) {
        for (int i = 0; i < value.size(); i++) {
          index(part.child(value.get(i), keyword, String.valueOf(i)));
        }
      } else if (Keywords.SCHEMA.contains(keyword)) {
        index(part.child(value, keyword));
      }
    }
  }

  /** Finds what a reference names. */
  Part target(Part from) {
    JsonNode reference = from.get("$ref");
    if (!reference.isTextual()) {
      throw from.invalid("$ref", "a text");
    }
    String text = reference.textValue();
    String full = resolve(from.base(), text);
    Part found = known.get(full);
    if (found != null) {
      return found;
    }
    int hash = full.indexOf('#');
    String document = hash < 0 ? full : full.substring(0, hash);
    String fragment = hash < 0 ? "" : full.substring(hash + 1);
    Part start = known.get(document);
    if (start == null && document.equals(root.base())) {
      start = root;
    }
    if (start == null) {
      throw new SchemaException(
          from.path() + "/$ref",
          "expected a place in this document, found "
              + text
              + ". Copy the schema into $defs: nothing is downloaded.");
    }
    if (fragment.isEmpty()) {
      return start;
    }
    return pointed(from, start, fragment, text);
  }

  private static Part pointed(Part from, Part start, String fragment, String text) {
    Part part = start;
    String decoded = URLDecoder.decode(fragment.replace("+", "%2B"), StandardCharsets.UTF_8);
    if (!decoded.startsWith("/")) {
      throw new SchemaException(
          from.path() + "/$ref", "expected a place in this document, found " + text);
    }
    for (String step : decoded.substring(1).split("/", -1)) {
      String name = step.replace("~1", "/").replace("~0", "~");
      JsonNode child =
          part.schema().isArray() && name.matches("\\d{1,6}")
              ? part.schema().path(Integer.parseInt(name))
              : part.schema().path(name);
      if (child.isMissingNode()) {
        throw new SchemaException(
            from.path() + "/$ref", "expected a place in this document, found " + text);
      }
      part = part.child(child, name);
    }
    return part;
  }
}
