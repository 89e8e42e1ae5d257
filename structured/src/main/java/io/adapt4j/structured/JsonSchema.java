package io.adapt4j.structured;

import io.adapt4j.structured.internal.schema.SchemaCompiler;
import io.adapt4j.structured.internal.schema.SchemaException;
import java.util.Map;

/**
 * Constrains answers to JSON of a schema (drafts 7 and 2020-12). Properties are written in the
 * order of the schema, values without white space, every character of a string in one way.
 * Requirements of a schema that cannot be enforced are refused by name; {@code
 * docs/structured-output.md} lists the keywords.
 */
public final class JsonSchema {

  private static final int MOST_KEPT = 64;
  private static final long MOST_KEPT_BYTES = 64L << 20;
  private static final SchemaCache CACHE = new SchemaCache(MOST_KEPT, MOST_KEPT_BYTES);

  private JsonSchema() {}

  /**
   * Parses a schema. The constraints of the latest schemas are cached, so that requests that repeat
   * one do not compile it again.
   *
   * @param schema the schema in JSON
   * @return the constraint
   * @throws UnsupportedConstraintException if it is invalid, has a keyword that is not supported,
   *     is beyond {@link ConstraintLimits}, or no value conforms to it
   */
  public static TextConstraint parse(String schema) {
    return CACHE.get(
        "JSON schema " + schema,
        description -> TextConstraint.of(description, () -> SchemaCompiler.compile(schema, false)));
  }

  /**
   * Compiles a schema given as Java values.
   *
   * @param schema the schema as maps, lists, texts, numbers, booleans and nulls
   * @return the constraint
   * @throws UnsupportedConstraintException as {@link #parse} does
   */
  public static TextConstraint of(Map<String, ?> schema) {
    String text;
    try {
      text = SchemaCompiler.text(schema);
    } catch (SchemaException e) {
      throw new UnsupportedConstraintException(String.valueOf(e.getMessage()), e);
    }
    return parse(text);
  }

  /**
   * Parses a schema whose values are written with a space after commas and colons, like Python's
   * {@code json.dumps}. A model that was trained on such texts may give better answers.
   *
   * @return the constraint
   * @throws UnsupportedConstraintException as {@link #parse} does
   */
  public static TextConstraint parseSpaced(String schema) {
    return CACHE.get(
        "spaced JSON schema " + schema,
        description -> TextConstraint.of(description, () -> SchemaCompiler.compile(schema, true)));
  }

  /**
   * Returns a constraint to any JSON object.
   *
   * @return the constraint
   */
  public static TextConstraint anyObject() {
    return CACHE.get(
        "JSON object",
        description -> TextConstraint.of(description, () -> SchemaCompiler.anyObject(false)));
  }
}
