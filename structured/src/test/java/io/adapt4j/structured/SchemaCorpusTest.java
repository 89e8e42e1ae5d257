package io.adapt4j.structured;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Schemas of the field, in a folder of files: each is refused by a keyword's name, or random
 * answers are valid, as a validator that is not ours judges. Run with {@code
 * -Dadapt4j.schemas=FOLDER}.
 */
@EnabledIfSystemProperty(named = "adapt4j.schemas", matches = ".+")
class SchemaCorpusTest {

  private static final int TEXTS = Integer.getInteger("adapt4j.schemas.texts", 4);
  private static final int MOST_TOKENS = 1500;
  private static final Pattern KEYWORD = Pattern.compile("^(#[^:]*): .*", Pattern.DOTALL);

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  private final Map<String, List<String>> refused = new TreeMap<>();
  private final List<String> invalid = new ArrayList<>();
  private final List<String> unjudged = new ArrayList<>();
  private int schemas;
  private int honored;
  private int answers;
  private int unfinished;
  private long slowest;

  @Test
  void schemasAreHonoredOrRefusedByKeyword() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of(System.getProperty("adapt4j.schemas")))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".json")).sorted().toList()) {
        check(file.getFileName().toString(), Files.readString(file));
      }
    }
    print();
    assertThat(invalid).isEmpty();
  }

  private void check(String name, String schema) throws JsonProcessingException {
    schemas++;
    long begun = System.nanoTime();
    TextConstraint constraint;
    try {
      constraint = JsonSchema.parse(schema);
    } catch (UnsupportedConstraintException e) {
      refused
          .computeIfAbsent(keyword(e), unknown -> new ArrayList<>())
          .add(name + ": " + e.getMessage());
      return;
    } finally {
      slowest = Math.max(slowest, System.nanoTime() - begun);
    }
    honored++;
    Schema validator = validator(schema);
    if (validator == null) {
      unjudged.add(name);
      return;
    }
    for (int i = 0; i < TEXTS; i++) {
      String text =
          Walk.random(
              constraint, i % 2 == 0 ? RandomSchemasTest.PIECES : Walk.BYTES, i, MOST_TOKENS);
      if (text == null) {
        unfinished++;
      } else {
        judge(name, validator, text);
      }
    }
  }

  /** Metaschemas and identifiers that the validator does not know are left out. */
  private static @Nullable Schema validator(String schema) throws JsonProcessingException {
    JsonNode plain = MAPPER.readTree(schema);
    if (plain instanceof ObjectNode object) {
      object.remove(List.of("$schema", "$id", "id"));
    }
    for (String text : List.of(schema, plain.toString())) {
      for (SpecificationVersion draft :
          List.of(SpecificationVersion.DRAFT_2020_12, SpecificationVersion.DRAFT_7)) {
        try {
          Schema validator =
              SchemaRegistry.withDefaultDialect(draft).getSchema(text, InputFormat.JSON);
          validator.validate(NullNode.instance);
          return validator;
        } catch (RuntimeException e) {
          // The next one is tried.
        }
      }
    }
    return null;
  }

  private void judge(String name, Schema validator, String text) throws JsonProcessingException {
    JsonNode value = MAPPER.readTree(text);
    try {
      var errors =
          validator.validate(
              value,
              context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)));
      answers++;
      if (!errors.isEmpty()) {
        invalid.add(name + ": " + errors.get(0) + " in " + text);
      }
    } catch (RuntimeException e) {
      unjudged.add(name + ": " + e);
    }
  }

  private static String keyword(UnsupportedConstraintException refusal) {
    Matcher place = KEYWORD.matcher(String.valueOf(refusal.getMessage()));
    if (!place.matches()) {
      return "(none)";
    }
    return place.group(1).substring(place.group(1).lastIndexOf('/') + 1);
  }

  private void print() throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%d schemas, %d honored, %d refused, %d answers, %d unfinished, %d invalid, %d not judged, slowest %d ms"
            .formatted(
                schemas,
                honored,
                schemas - honored,
                answers,
                unfinished,
                invalid.size(),
                unjudged.size(),
                slowest / 1_000_000));
    refused.entrySet().stream()
        .sorted(Comparator.comparing(entry -> -entry.getValue().size()))
        .forEach(entry -> lines.add("refused " + entry.getValue().size() + " " + entry.getKey()));
    lines.forEach(System.out::println);
    refused.values().forEach(lines::addAll);
    invalid.forEach(line -> lines.add("INVALID " + line));
    unjudged.forEach(line -> lines.add("UNJUDGED " + line));
    Files.write(Path.of("target/schemas.txt"), lines);
  }
}
