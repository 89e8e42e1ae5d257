package io.adapt4j.verification.fuzz;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.adapt4j.core.RandomSchemas;
import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.TokenMask;
import io.adapt4j.core.tokenize.TokenBytes;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.TextConstraint;
import io.adapt4j.structured.UnsupportedConstraintException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Valid schemas, whose making an input decides. A text of random tokens that the constraint allows
 * must conform to the schema, as a validator that is not ours judges.
 */
final class SchemaTarget {

  private static final int MOST_TOKENS = 400;
  private static final TokenBytes TOKENS = tokens();
  private static final SchemaRegistry VALIDATORS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  private SchemaTarget() {}

  static FuzzTarget create() {
    return new FuzzTarget(
        "json-schema-generated",
        () ->
            IntStream.range(0, 30)
                .mapToObj(SchemaTarget::choices)
                .filter(SchemaTarget::isSatisfiable)
                .toList(),
        SchemaTarget::read);
  }

  private static byte[] choices(int seed) {
    byte[] choices = new byte[80];
    new Random(seed).nextBytes(choices);
    return choices;
  }

  private static boolean isSatisfiable(byte[] choices) {
    try {
      JsonSchema.parse(schema(choices));
      return true;
    } catch (UnsupportedConstraintException e) {
      return false;
    }
  }

  private static String schema(byte[] choices) {
    return new RandomSchemas(new Choices(choices)).next().toString();
  }

  private static TokenBytes tokens() {
    List<byte[]> tokens = new ArrayList<>();
    for (int value = 0; value < 256; value++) {
      tokens.add(new byte[] {(byte) value});
    }
    for (String piece :
        List.of("\":\"", "\",\"", "\":{\"", "}}", "[]", "true", "-1", "00", "name")) {
      tokens.add(piece.getBytes(StandardCharsets.UTF_8));
    }
    return TokenBytes.of(tokens);
  }

  /** Choices that bytes make: two for each; all zero at their end. */
  private static final class Choices extends Random {

    private static final long serialVersionUID = 1;

    private final transient ByteBuffer bytes;

    Choices(byte[] bytes) {
      this.bytes = ByteBuffer.wrap(bytes);
    }

    @Override
    public int nextInt(int bound) {
      return bytes.remaining() < Short.BYTES ? 0 : (bytes.getShort() & 0xffff) % bound;
    }
  }

  private static void read(byte[] bytes) throws Exception {
    String schema = schema(bytes);
    TextConstraint constraint = JsonSchema.parse(schema);
    Optional<String> text = text(constraint, new Random(Arrays.hashCode(bytes)));
    if (text.isPresent()) {
      var errors =
          VALIDATORS
              .getSchema(schema, InputFormat.JSON)
              .validate(
                  MAPPER.readTree(text.get()),
                  context ->
                      context.executionConfig(config -> config.formatAssertionsEnabled(true)));
      if (!errors.isEmpty()) {
        throw new AssertionError(text.get() + " of " + schema + ": " + errors);
      }
    }
  }

  /** Returns a random text; empty if it has no end after many tokens. */
  private static Optional<String> text(TextConstraint constraint, Random random) {
    ConstraintState state = constraint.begin(TOKENS, false);
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (int i = 0; i < MOST_TOKENS; i++) {
      TokenMask allowed = state.allowed();
      if (state.mayEnd() && (allowed.count() == 0 || random.nextInt(4) == 0)) {
        return Optional.of(text.toString(StandardCharsets.UTF_8));
      }
      List<Integer> closing = new ArrayList<>();
      List<Integer> all = new ArrayList<>();
      for (int id = allowed.next(0); id >= 0; id = allowed.next(id + 1)) {
        all.add(id);
        if ("\"}]".indexOf(TOKENS.at(id, 0)) >= 0) {
          closing.add(id);
        }
      }
      if (all.isEmpty()) {
        throw new AssertionError("no token may follow " + text);
      }
      List<Integer> some = closing.isEmpty() || random.nextInt(3) > 0 ? all : closing;
      int token = some.get(random.nextInt(some.size()));
      text.writeBytes(TOKENS.bytes(token));
      state.accept(token);
    }
    return Optional.empty();
  }
}
