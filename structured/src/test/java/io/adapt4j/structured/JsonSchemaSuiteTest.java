package io.adapt4j.structured;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The public JSON-Schema-Test-Suite: no invalid instance may be written, and valid instances that
 * cannot be written are listed with the reason.
 */
class JsonSchemaSuiteTest {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  /** Why a valid instance is not written: its name, and what holds for it. */
  private static final Map<Pattern, String> REASONS = new LinkedHashMap<>();

  static {
    because("only an annotation by default", "formats are asserted");
    because("leap second", "a time has no leap seconds");
    because("case-insensitive", "T and Z are capital letters");
    because("e-mail addresses / (a quoted string|an IPv. ?-?address-literal)", "plain addresses");
    because("host names / ", "labels of less than 63 characters, not in punycode");
    because(
        "float (zero|one) is valid|\\.0\\] is valid", "constants are written as they are given");
    because("float is valid|integer -2 is valid", "constants are written as they are given");
    because("float with zero fractional part", "integers are written without a fraction");
    because("float-overflow", "exponents stand only where numbers have no conditions");
    because("when two match", "of anyOf the properties of one alternative are evaluated");
    because("escaped characters / valid object 2", "properties that are not named count as one");
    because("custom metaschema", "vocabularies of metaschemas are not read");
  }

  private static void because(String label, String reason) {
    REASONS.put(Pattern.compile(label), reason);
  }

  /** What a draft's files come to. */
  private static final class Count {
    int schemas;
    int refused;
    int valid;
    int invalid;
    final List<String> notWritten = new ArrayList<>();
    final List<String> wronglyWritten = new ArrayList<>();
  }

  /**
   * Invalid instances are not written, and valid ones are, or why not is known. A format that is
   * not known is refused, not ignored: one schema of each draft, with seven valid instances.
   */
  @ParameterizedTest
  @CsvSource({"draft2020-12, 438, 105, 889, 594, 44", "draft7, 311, 44, 713, 497, 23"})
  void whatIsWrittenIsValid(
      String draft, int schemas, int refused, int valid, int invalid, int notWritten) {
    Count count = run(draft);
    assertThat(count.wronglyWritten).isEmpty();
    assertThat(count.notWritten)
        .allSatisfy(
            label ->
                assertThat(REASONS.keySet())
                    .as(label)
                    .anyMatch(reason -> reason.matcher(label).find()));
    assertThat(
            List.of(
                count.schemas, count.refused, count.valid, count.invalid, count.notWritten.size()))
        .containsExactly(schemas, refused, valid, invalid, notWritten);
  }

  private static Count run(String draft) {
    Count count = new Count();
    for (Path file : files(draft)) {
      for (JsonNode group : read(file)) {
        String name = file.getFileName() + ": " + group.path("description").asText();
        count.schemas++;
        try {
          count(name, JsonSchema.parse(schema(draft, group).toString()), group, count);
        } catch (UnsupportedConstraintException e) {
          count.refused++;
          if (e.getMessage().contains("no text fulfills")) {
            assertThat(group.path("tests")).as(name).noneMatch(test -> isValid(test));
          }
        }
      }
    }
    return count;
  }

  /** The older files do not say which draft they are of. */
  private static JsonNode schema(String draft, JsonNode group) {
    JsonNode schema = group.path("schema");
    if (draft.equals("draft7") && schema.isObject() && !schema.has("$schema")) {
      return ((ObjectNode) schema.deepCopy())
          .put("$schema", "http://json-schema.org/draft-07/schema#");
    }
    return schema;
  }

  private static boolean isValid(JsonNode test) {
    return test.path("valid").asBoolean();
  }

  private static void count(String name, TextConstraint constraint, JsonNode group, Count count) {
    for (JsonNode test : group.path("tests")) {
      boolean written =
          orders(test.path("data")).stream()
              .anyMatch(data -> Walk.accepts(constraint, data.toString()));
      String label = name + " / " + test.path("description").asText() + " " + test.path("data");
      if (isValid(test)) {
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
