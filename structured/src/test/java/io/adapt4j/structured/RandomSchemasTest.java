package io.adapt4j.structured;

import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.adapt4j.core.RandomSchemas;
import io.adapt4j.core.tokenize.TokenBytes;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever is written under a schema is valid, as a validator that is not ours judges. */
class RandomSchemasTest {

  private static final int SCHEMAS = 400;
  private static final int TEXTS = 5;
  private static final int MOST_TOKENS = 600;

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  /** Tokens that cross the borders between names, signs and values. */
  static final TokenBytes PIECES =
      Walk.withPieces(
          split(
              "|",
              "\",\"|\":\"|\":|{\"|\"}|},{\"|]}|[]|[\"|\"],\"|true|null|,\"|name|\"name\":|a\":",
              "kind\":\"|-1|00|0.|ab|größe|\\n|\\\"|xx|foo|2024-|12:|::|http://"));

  @Test
  void randomTextsOfRandomSchemasAreValid() throws JsonProcessingException {
    SchemaRegistry validators =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    int refused = 0;
    int complete = 0;
    for (int seed = 0; seed < SCHEMAS; seed++) {
      String schema = new RandomSchemas(new Random(seed)).next().toString();
      TextConstraint constraint;
      try {
        constraint = JsonSchema.parse(schema);
      } catch (UnsupportedConstraintException e) {
        refused++;
        continue;
      }
      Schema validator = validators.getSchema(schema, InputFormat.JSON);
      for (int i = 0; i < TEXTS; i++) {
        String text = Walk.random(constraint, i % 2 == 0 ? PIECES : Walk.BYTES, i, MOST_TOKENS);
        if (text != null) {
          complete++;
          assertThat(errors(validator, text)).as("%s of %s", text, schema).isEmpty();
        }
      }
    }
    assertThat(refused).as("schemas that no value fulfills").isLessThan(SCHEMAS / 5);
    assertThat(complete).isGreaterThan(SCHEMAS * TEXTS / 2);
  }

  private static List<Error> errors(Schema validator, String text) throws JsonProcessingException {
    JsonNode value = MAPPER.readTree(text);
    return validator.validate(
        value, context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)));
  }
}
