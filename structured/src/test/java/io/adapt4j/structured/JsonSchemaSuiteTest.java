package io.adapt4j.structured;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The public JSON-Schema-Test-Suite: no invalid instance may be written, and valid instances that
 * cannot be written are listed with the reason.
 */
class JsonSchemaSuiteTest {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
          .build();

  /** What a draft's files come to. */
  private static final class Count {
    int schemas;
    int refused;
    int valid;
    int invalid;
    final List<String> notWritten = new ArrayList<>();
    final List<String> wronglyWritten = new ArrayList<>();
    final TreeMap<String, Integer> reasons = new TreeMap<>();
  }

  @Test
  void draft202012() {
    Count count = run("draft2020-12");
    System.out.println(summary(count));
  }

  @Test
  void draft7() {
    Count count = run("draft7");
    System.out.println(summary(count));
  }

  private static String summary(Count count) {
    return count.schemas
        + " schemas, "
        + count.refused
        + " refused, "
        + count.valid
        + " valid, "
        + count.invalid
        + " invalid\nNOT WRITTEN\n"
        + String.join("\n", count.notWritten)
        + "\nWRONG\n"
        + String.join("\n", count.wronglyWritten)
        + "\n"
        + count.reasons;
  }

  private static Count run(String draft) {
    Count count = new Count();
    for (Path file : files(draft)) {
      for (JsonNode group : read(file)) {
        String name = file.getParent().getFileName().toString().equals("format") ? "format/" : "";
        name += file.getFileName() + ": " + group.path("description").asText();
        count.schemas++;
        JsonNode schema = group.path("schema");
        if (draft.equals("draft7") && schema.isObject() && !schema.has("$schema")) {
          schema =
              ((ObjectNode) schema.deepCopy())
                  .put("$schema", "http://json-schema.org/draft-07/schema#");
        }
        TextConstraint constraint;
        try {
          constraint = JsonSchema.parse(schema.toString());
        } catch (UnsupportedConstraintException e) {
          count.refused++;
          if (e.getMessage().contains("no text fulfills")) {
            for (JsonNode test : group.path("tests")) {
              if (test.path("valid").asBoolean()) {
                count.notWritten.add(name + " / " + test.path("description").asText() + " NO TEXT");
              }
            }
          }
          count.reasons.merge(
              e.getMessage().replaceAll("^\\S*: ", "").replaceAll("\\d+", "0"), 1, Integer::sum);
          continue;
        }
        for (JsonNode test : group.path("tests")) {
          boolean valid = test.path("valid").asBoolean();
          boolean written =
              orders(test.path("data")).stream()
                  .anyMatch(data -> Walk.accepts(constraint, data.toString()));
          String label = name + " / " + test.path("description").asText() + " " + test.path("data");
          if (valid) {
            count.valid++;
            if (!written) {
              count.notWritten.add(label);
            }
          } else {
            count.invalid++;
            if (written) {
              count.wronglyWritten.add(label);
            }
          }
        }
      }
    }
    return count;
  }

  private static List<Path> files(String draft) {
    try {
      Path folder =
          Path.of(
              JsonSchemaSuiteTest.class.getResource("/JSON-Schema-Test-Suite/" + draft).toURI());
      try (Stream<Path> files = Files.walk(folder)) {
        return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode read(Path file) {
    try {
      return MAPPER.readTree(Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A value with its properties in every order, up to a number of them. */
  static List<JsonNode> orders(JsonNode value) {
    List<JsonNode> orders = new ArrayList<>();
    if (value.isArray()) {
      orders.add(MAPPER.createArrayNode());
      for (JsonNode element : value) {
        List<JsonNode> longer = new ArrayList<>();
        for (JsonNode order : orders(element)) {
          for (JsonNode before : orders) {
            longer.add(((ArrayNode) before.deepCopy()).add(order));
          }
        }
        orders = longer.subList(0, Math.min(200, longer.size()));
      }
      return orders;
    }
    if (!value.isObject() || value.size() > 6) {
      return List.of(value);
    }
    List<String> names = new ArrayList<>();
    value.fieldNames().forEachRemaining(names::add);
    for (List<String> order : permutations(names)) {
      List<JsonNode> objects = new ArrayList<>(List.of(MAPPER.createObjectNode()));
      for (String name : order) {
        List<JsonNode> longer = new ArrayList<>();
        for (JsonNode field : orders(value.get(name))) {
          for (JsonNode before : objects) {
            longer.add(((ObjectNode) before.deepCopy()).set(name, field));
          }
        }
        objects = longer.subList(0, Math.min(50, longer.size()));
      }
      orders.addAll(objects);
    }
    return orders;
  }

  private static List<List<String>> permutations(List<String> names) {
    if (names.isEmpty()) {
      return List.of(List.of());
    }
    List<List<String>> all = new ArrayList<>();
    for (String first : names) {
      List<String> rest = new ArrayList<>(names);
      rest.remove(first);
      for (List<String> order : permutations(rest)) {
        List<String> longer = new ArrayList<>(List.of(first));
        longer.addAll(order);
        all.add(longer);
      }
    }
    return all;
  }
}
