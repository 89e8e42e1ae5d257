package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.adapt4j.structured.internal.limit.Budget;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A schema with the places that its references can target. */
final class SchemaDocument {

  private static final int DEEPEST = 200;
  private static final int MOST_DIGITS = 1_000;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  // Names in untrusted input are not cached.
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEEPEST)
                          .maxNumberLength(MOST_DIGITS)
                          .maxNameLength(Integer.MAX_VALUE)
                          .maxStringLength(Integer.MAX_VALUE)
                          .build())
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
    this.root = Part.root(schema, replacing, new Compilation());
    known.put(BaseUri.ROOT, root);
    index(root);
  }

  static SchemaDocument of(String text) {
    Budget budget = Budget.current();
    if (text.length() > budget.characters()) {
      throw new SchemaException(
          "#",
          "expected at most "
              + budget.characters()
              + " characters, found "
              + text.length()
              + ". Make it smaller, or raise ConstraintLimits.characters.");
    }
    budget.step(text.length());
    try {
      return new SchemaDocument(MAPPER.readTree(text));
    } catch (JsonProcessingException e) {
      throw new SchemaException("#", "expected JSON: " + e.getOriginalMessage());
    } catch (ArithmeticException | NumberFormatException e) {
      throw new SchemaException("#", "expected numbers that can be read: " + e.getMessage());
    }
  }

  static String text(Map<String, ?> schema) {
    try {
      return MAPPER.writeValueAsString(schema);
    } catch (JsonProcessingException e) {
      throw new SchemaException("#", "expected values of JSON: " + e.getOriginalMessage());
    }
  }

  Part root() {
    return root;
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

  /** Finds the target of a reference. */
  Part target(Part from) {
    JsonNode reference = from.get("$ref");
    if (!reference.isTextual()) {
      throw from.invalid("$ref", "a text");
    }
    String text = reference.textValue();
    String full = BaseUri.resolve(from, "$ref", from.base(), text);
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
              + Place.shortened(text, 100)
              + ". Copy the schema into $defs: nothing is downloaded.");
    }
    if (fragment.isEmpty()) {
      return start;
    }
    return pointed(from, start, fragment, text);
  }

  private static Part pointed(Part from, Part start, String fragment, String text) {
    Part part = start;
    String decoded = decoded(fragment);
    if (!decoded.startsWith("/")) {
      throw missing(from, text);
    }
    from.compilation().budget().step(fragment.length());
    for (String step : decoded.substring(1).split("/", -1)) {
      String name = step.replace("~1", "/").replace("~0", "~");
      JsonNode child =
          part.schema().isArray() && name.matches("\\d{1,6}")
              ? part.schema().path(Integer.parseInt(name))
              : part.schema().path(name);
      if (child.isMissingNode()) {
        throw missing(from, text);
      }
      part = part.child(child, name);
    }
    return part;
  }

  private static String decoded(String fragment) {
    try {
      return URLDecoder.decode(fragment.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return fragment;
    }
  }

  private static SchemaException missing(Part from, String reference) {
    return from.refused(
        "$ref", "expected a place in this document, found " + Place.shortened(reference, 100));
  }
}
