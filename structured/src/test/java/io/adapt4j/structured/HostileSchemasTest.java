package io.adapt4j.structured;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whatever schema is given, compiling ends within its limits in a constraint or in the exception
 * that says why not; and what is written under the constraint is valid, as a validator that is not
 * ours judges. {@code -Dadapt4j.fuzz.schemas=100000} tries more schemas.
 */
@Timeout(3600)
class HostileSchemasTest {

  private static final int SCHEMAS = Integer.getInteger("adapt4j.fuzz.schemas", 600);
  private static final long FIRST_SEED = Long.getLong("adapt4j.fuzz.seed", 0);
  private static final int TEXTS = 3;
  private static final int MOST_TOKENS = 150;

  /** Tight, so that schemas that are too large take little time. */
  private static final ConstraintLimits LIMITS =
      ConstraintLimits.defaults().withSteps(5_000_000).withStates(500_000);

  private static final JsonMapper MAPPER =
      JsonMapper.builder(JsonFactory.builder().build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  /** Where the validator is of another mind or takes other numbers than those that are written. */
  private static final Pattern NOT_JUDGED =
      Pattern.compile(
          "[0-9][eE][-+]?[0-9]{3,}|[0-9]{16,}|-4.9e-324|multipleOf|\\\\u|\\$id|\\$anchor|uniqueItems");

  @Test
  void compilingEndsWithinLimitsAndWhatIsWrittenIsValid() {
    int compiled = 0;
    int complete = 0;
    int judged = 0;
    for (long seed = FIRST_SEED; seed < FIRST_SEED + SCHEMAS; seed++) {
      String schema = new HostileSchemas(seed).next();
      Optional<TextConstraint> constraint = compiled(seed, schema);
      if (constraint.isEmpty()) {
        continue;
      }
      compiled++;
      Optional<Schema> validator = validator(schema);
      for (int i = 0; i < TEXTS; i++) {
        String text = written(seed, schema, constraint.get(), i);
        if (text != null) {
          complete++;
          judged += judge(seed, schema, validator, text) ? 1 : 0;
        }
      }
    }
    assertThat(compiled).as("schemas that are used").isGreaterThan(SCHEMAS / 5);
    assertThat(complete).as("texts that end").isGreaterThan(compiled);
    assertThat(judged).as("texts that are judged").isGreaterThan(compiled / 2);
  }

  /** Only the documented exception leaves the compiler, with a place. */
  private static Optional<TextConstraint> compiled(long seed, String schema) {
    try {
      return Optional.of(LIMITS.run(() -> false, () -> JsonSchema.parse(schema)));
    } catch (UnsupportedConstraintException e) {
      assertThat(e.getMessage())
          .as("seed %d", seed)
          .matches("(?s)(#|no text fulfills|rule #|more than |[^ ]+: more than ).*")
          .hasSizeLessThan(2000);
      return Optional.empty();
    } catch (RuntimeException | Error e) {
      throw new AssertionError("seed " + seed + ": " + shortened(schema), e);
    }
  }

  private static String written(long seed, String schema, TextConstraint constraint, int i) {
    try {
      return Walk.random(
          constraint, i % 2 == 0 ? RandomSchemasTest.PIECES : Walk.BYTES, i, MOST_TOKENS);
    } catch (RuntimeException | Error e) {
      throw new AssertionError("seed " + seed + ": " + shortened(schema), e);
    }
  }

  private static Optional<Schema> validator(String schema) {
    if (NOT_JUDGED.matcher(schema).find() || schema.length() > 20_000) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
              .getSchema(schema, InputFormat.JSON));
    } catch (RuntimeException e) {
      return Optional.empty();
    }
  }

  /** Whether the validator has an opinion. */
  private static boolean judge(long seed, String schema, Optional<Schema> validator, String text) {
    JsonNode value;
    try {
      value = MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError("seed " + seed + ": " + text + " of " + shortened(schema), e);
    }
    if (validator.isEmpty()) {
      return false;
    }
    boolean valid;
    try {
      valid =
          validator
              .get()
              .validate(
                  value,
                  context ->
                      context.executionConfig(config -> config.formatAssertionsEnabled(true)))
              .isEmpty();
    } catch (RuntimeException | StackOverflowError e) {
      return false;
    }
    assertThat(valid).as("seed %d: %s of %s", seed, text, shortened(schema)).isTrue();
    return true;
  }

  private static String shortened(String schema) {
    return schema.length() <= 2000 ? schema : schema.substring(0, 2000) + "...";
  }
}
