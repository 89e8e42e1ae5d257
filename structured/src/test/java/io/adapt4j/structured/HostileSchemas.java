package io.adapt4j.structured;

import static io.adapt4j.core.Words.split;
import static io.adapt4j.core.Words.words;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.List;
import java.util.Random;

/**
 * Schemas as a stranger may send them: every keyword with values that fit and that do not, extreme
 * numbers, long lists and names, deep nesting, patterns of all kinds, references to anywhere.
 */
final class HostileSchemas {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private static final List<String> NUMBERS =
      List.of(
          words(
              "0 -0.0 1 -1 0.1 0.01 3 7.5 2000 1e-399 -1e-399 1e399 1.7976931348623157e308",
              "-4.9e-324 1e401 1e99999999 1e-99999999 10e2147483646 0e999999999",
              "9007199254740993 123456789012345678901234567890.123456789"));

  private static final List<String> PATTERNS =
      List.of(
          split(
              "~",
              "^[a-c]{2,4}$~x~^(foo|bar)+$~^\\d{3}-\\d{2}$~^[^\"]*$~^a{0,300}$",
              "^(a{0,40}){0,40}$~^(a|b)*a(a|b){18}$~^((ab?){2,9}c?){1,99}$~^\\p{L}{1,4000}$",
              "^\\p{Lu}\\p{Ll}*$~a{10000}~(((a{1000}){1000}){1000}){1000}~(a*)*~^(a?){50}a{50}$",
              "^[\\u0000-\\uffff]{1,9}$~^(|a|ab|abc)$~(?=a)~(~[z-a]~\\~a{2,1}~^\\~[\\~[a-~\\p{",
              "\\p{Nothing}~a**~^$~"));

  private static final List<String> NAMES =
      List.of(
          "a",
          "b",
          "ab",
          "kind",
          "größe",
          "with \"quotes\"",
          "x\ny",
          "",
          "\u001f",
          "\ud800",
          "~1/%zz",
          "n".repeat(3000));

  private static final List<String> TYPES =
      List.of("string", "number", "integer", "object", "array", "boolean", "null", "text");

  private static final List<String> FORMATS =
      List.of("date", "uuid", "ipv6", "uri", "email", "idn-email", "nothing");

  private static final List<String> REFERENCES =
      List.of("#", "#/$defs/a", "#/$defs/b", "#/properties/a", "#/%zz", "other.json", "a", "%", "");

  private static final List<String> WITHOUT_SUPPORT =
      List.of(
          words(
              "not if then contains dependentRequired unevaluatedProperties $dynamicRef $id",
              "$anchor additionalItems"));

  private final Random random;

  HostileSchemas(long seed) {
    random = new Random(seed);
  }

  /** A schema as text: its numbers have any exponent. */
  String next() {
    ObjectNode root = object(4);
    if (chance(3)) {
      root.putObject("$defs").set("a", schema(2));
      root.withObject("/$defs").set("b", schema(1));
    }
    JsonNode whole = root;
    for (int i = chance(12) ? random.nextInt(250) : 0; i > 0; i--) {
      whole = JSON.objectNode().set(chance(2) ? "items" : "additionalProperties", whole);
    }
    // Numbers stand as texts until here.
    return whole.toString().replaceAll("\"number:([^\"]*)\"", "$1");
  }

  private boolean chance(int in) {
    return random.nextInt(in) == 0;
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private JsonNode schema(int depth) {
    if (chance(15)) {
      return JSON.booleanNode(chance(2));
    }
    return chance(60) ? junk() : object(depth);
  }

  private ObjectNode object(int depth) {
    ObjectNode schema = JSON.objectNode();
    if (chance(2)) {
      schema.set(
          "type", chance(5) ? JSON.arrayNode().add(one(TYPES)).add(one(TYPES)) : text(TYPES));
    }
    for (int keywords = random.nextInt(5); keywords > 0; keywords--) {
      keyword(schema, Math.max(0, depth - 1), random.nextInt(depth > 0 ? 24 : 13));
    }
    return schema;
  }

  private JsonNode text(List<String> of) {
    return JSON.textNode(one(of));
  }

  private void keyword(ObjectNode schema, int depth, int which) {
    if (chance(80)) {
      schema.set(
          one(List.of("enum", "pattern", "properties", "items", "anyOf", "minimum")), junk());
      return;
    }
    switch (which) {
      case 0 -> schema.set(one(List.of("minimum", "exclusiveMinimum")), number());
      case 1 -> schema.set(one(List.of("maximum", "exclusiveMaximum")), number());
      case 2 -> schema.set("multipleOf", number());
      case 3, 4 -> schema.set("pattern", text(PATTERNS));
      case 5 -> schema.set("format", text(FORMATS));
      case 6 -> schema.set("minLength", count());
      case 7 -> schema.set("maxLength", count());
      case 8, 9 -> schema.set("enum", values(chance(8) ? random.nextInt(3000) : random.nextInt(6)));
      case 10 -> schema.set("const", value(2));
      case 11 -> schema.set("$ref", text(REFERENCES));
      case 12 -> schema.set(one(List.of("minProperties", "maxProperties", "minItems")), count());
      case 13, 14, 15 -> properties(schema, depth);
      case 16 -> schema.set("additionalProperties", schema(depth));
      case 17 -> schema.putObject("patternProperties").set(one(PATTERNS), schema(depth));
      case 18 -> schema.set("propertyNames", schema(0));
      case 19 -> schema.<ObjectNode>set("items", schema(depth)).set("maxItems", count());
      case 20 -> schema.set("prefixItems", schemas(depth));
      case 21, 22 -> schema.set(one(List.of("anyOf", "allOf", "oneOf")), schemas(depth));
      default -> {
        if (chance(2)) {
          schema.put("uniqueItems", true);
        } else if (chance(3)) {
          schema.set(one(WITHOUT_SUPPORT), schema(0));
        }
      }
    }
  }

  private void properties(ObjectNode schema, int depth) {
    ObjectNode properties = schema.putObject("properties");
    int count = chance(25) ? random.nextInt(2000) : random.nextInt(4);
    JsonNode shared = schema(0);
    for (int i = 0; i < count; i++) {
      properties.set(count > 4 ? "p" + i : one(NAMES), count > 4 ? shared : schema(depth));
    }
    ArrayNode required = schema.putArray("required");
    for (int i = random.nextInt(3); i > 0; i--) {
      required.add(one(NAMES));
    }
    if (chance(2)) {
      schema.put("additionalProperties", false);
    }
  }

  private ArrayNode schemas(int depth) {
    ArrayNode all = JSON.arrayNode();
    int count = chance(25) ? random.nextInt(400) : random.nextInt(4);
    for (int i = 0; i < count; i++) {
      all.add(schema(count > 4 ? 0 : depth));
    }
    return all;
  }

  private JsonNode number() {
    return JSON.textNode("number:" + one(NUMBERS));
  }

  private JsonNode count() {
    return chance(4)
        ? number()
        : JSON.numberNode(
            new BigDecimal(one(List.of("0", "1", "2", "5", "60", "9000", "1000000"))));
  }

  private ArrayNode values(int count) {
    ArrayNode values = JSON.arrayNode();
    for (int i = 0; i < count; i++) {
      values.add(count > 6 ? JSON.textNode("value " + random.nextInt(100_000)) : value(1));
    }
    return values;
  }

  private JsonNode value(int depth) {
    return switch (random.nextInt(depth > 0 ? 7 : 5)) {
      case 0 -> text(NAMES);
      case 1 -> number();
      case 2 -> JSON.booleanNode(chance(2));
      case 3 -> JSON.nullNode();
      case 4 -> JSON.textNode("foo");
      case 5 -> JSON.arrayNode().add(value(depth - 1)).add(value(depth - 1));
      default -> JSON.objectNode().set(one(NAMES), value(depth - 1));
    };
  }

  /** What no keyword expects. */
  private JsonNode junk() {
    return one(
        List.<JsonNode>of(
            JSON.textNode("junk"),
            JSON.numberNode(7),
            JSON.nullNode(),
            JSON.arrayNode(),
            JSON.arrayNode().add(7),
            JSON.objectNode().put("a", 7)));
  }
}
