package io.adapt4j.core;

import static io.adapt4j.core.Words.words;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Random;

/** Schemas that draw on every keyword that constraints of answers support. */
public final class RandomSchemas {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final List<String> NAMES =
      List.of("a", "b", "name", "größe", "with \"quotes\"", "ab", "id", "x\ny", "");
  private static final List<String> PATTERNS =
      List.of("^[a-c]{2,4}$", "x", "^(foo|bar)+$", "^\\d{3}-\\d{2}$", "\\w-\\w", "^[^\"]*é$");
  private static final List<String> FORMATS =
      List.of(words("date time date-time uuid email ipv4 ipv6 uri hostname duration"));

  private final Random random;

  /** Takes all choices from a source, in a fixed order. */
  public RandomSchemas(Random random) {
    this.random = random;
  }

  /** Returns another schema. */
  public JsonNode next() {
    return schema(3);
  }

  private boolean chance(int in) {
    return random.nextInt(in) == 0;
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private JsonNode schema(int depth) {
    if (chance(25)) {
      return JSON.booleanNode(true);
    }
    ObjectNode schema = JSON.objectNode();
    switch (random.nextInt(depth == 0 ? 5 : 11)) {
      case 0 -> string(schema);
      case 1 -> number(schema, "integer");
      case 2 -> number(schema, "number");
      case 3 -> schema.putArray("enum").add("a").add(1.5).add("größer\n").addNull().add(7);
      case 4 -> schema.put("type", chance(2) ? "boolean" : "null");
      case 5, 6, 7 -> object(schema, depth - 1);
      case 8 -> array(schema, depth - 1);
      case 9 -> {
        ArrayNode any = schema.putArray(chance(2) ? "anyOf" : "allOf");
        any.add(schema(depth - 1));
        any.add(schema(depth - 1));
      }
      default -> {
        ArrayNode one = schema.putArray("oneOf");
        one.add(tagged("first", depth - 1));
        one.add(tagged("second", depth - 1));
      }
    }
    if (chance(12)) {
      schema.put("description", "ignored");
    }
    return schema;
  }

  private ObjectNode tagged(String tag, int depth) {
    ObjectNode schema = JSON.objectNode();
    object(schema, depth);
    schema.withObject("/properties").putObject("kind").put("const", tag);
    schema.withArray("/required").add("kind");
    return schema;
  }

  private void string(ObjectNode schema) {
    schema.put("type", "string");
    if (chance(3)) {
      schema.put("minLength", random.nextInt(4));
    }
    if (chance(3)) {
      schema.put("maxLength", 4 + random.nextInt(8));
    }
    if (chance(4)) {
      schema.put("pattern", one(PATTERNS));
    } else if (chance(4)) {
      schema.put("format", one(FORMATS));
    }
  }

  private void number(ObjectNode schema, String type) {
    schema.put("type", type);
    if (chance(2)) {
      schema.put(chance(2) ? "minimum" : "exclusiveMinimum", (random.nextInt(4000) - 2000) / 100.0);
    }
    if (chance(2)) {
      schema.put(chance(2) ? "maximum" : "exclusiveMaximum", 20 + random.nextInt(9000) / 100.0);
    }
    // The validator computes remainders in floating point, which is exact for small numbers only.
    if (chance(5)) {
      schema.put("multipleOf", 1 + random.nextInt(12)).put("maximum", 5000).put("minimum", -90);
    } else if (chance(8)) {
      schema.put("multipleOf", 0.01).put("maximum", 5000).put("minimum", -90);
    }
  }

  private void object(ObjectNode schema, int depth) {
    schema.put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    ArrayNode required = JSON.arrayNode();
    for (int i = random.nextInt(5); i > 0; i--) {
      String name = one(NAMES);
      if (!properties.has(name)) {
        properties.set(name, schema(Math.max(0, depth)));
        if (chance(2)) {
          required.add(name);
        }
      }
    }
    schema.set("required", required);
    if (chance(3)) {
      schema.put("additionalProperties", false);
    } else if (chance(3)) {
      schema.set("additionalProperties", schema(0));
    }
    if (chance(5)) {
      schema.put("maxProperties", properties.size() + random.nextInt(2));
    }
    if (chance(8)) {
      schema.putObject("patternProperties").set("^[a-f]+$", schema(0));
    }
    if (chance(10)) {
      schema.putObject("propertyNames").put("maxLength", 6);
    }
  }

  private void array(ObjectNode schema, int depth) {
    schema.put("type", "array");
    if (chance(3)) {
      schema.putArray("prefixItems").add(schema(0)).add(schema(Math.max(0, depth)));
    }
    if (chance(5)) {
      schema.put("items", false);
    } else {
      schema.set("items", schema(Math.max(0, depth)));
    }
    if (chance(3)) {
      schema.put("minItems", random.nextInt(3));
    }
    if (chance(2)) {
      schema.put("maxItems", 2 + random.nextInt(3));
    }
  }
}
