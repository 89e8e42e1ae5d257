package io.adapt4j.structured;

import io.adapt4j.structured.internal.schema.SchemaCompiler;
import java.util.Map;

/**
 * Answers in JSON of a schema (drafts 7 and 2020-12). Properties are written in the order of the
 * schema, values without white space, every character of a string in one way. What a schema asks
 * for and cannot be ensured is refused by name; {@code docs/structured-output.md} lists the
 * keywords.
 */
public final class JsonSchema {

  private JsonSchema() {}

  /**
   * Reads a schema.
   *
   * @param schema the schema in JSON
   * @return the constraint
   * @throws UnsupportedConstraintException if it is invalid, has a keyword that is not supported,
   *     is too large, or no value fulfills it
   */
  public static TextConstraint parse(String schema) {
    return TextConstraint.of("JSON schema " + schema, () -> SchemaCompiler.compile(schema, false));
  }

  /**
   * Takes a schema that is not written.
   *
   * @param schema the schema as maps, lists, texts, numbers, booleans and nulls
   * @return the constraint
   * @throws UnsupportedConstraintException as {@link #parse} does
   */
  public static TextConstraint of(Map<String, ?> schema) {
    return TextConstraint.of("JSON schema " + schema, () -> SchemaCompiler.compile(schema, false));
  }

  /**
   * Reads a schema whose values are written with a space after commas and colons, as Python's
   * {@code json.dumps} writes them. A model that was trained on such texts may do better.
   *
   * @param schema the schema in JSON
   * @return the constraint
   * @throws UnsupportedConstraintException as {@link #parse} does
   */
  public static TextConstraint parseSpaced(String schema) {
    return TextConstraint.of(
        "spaced JSON schema " + schema, () -> SchemaCompiler.compile(schema, true));
  }

  /**
   * Returns any JSON object.
   *
   * @return the constraint
   */
  public static TextConstraint anyObject() {
    return TextConstraint.of("JSON object", () -> SchemaCompiler.anyObject(false));
  }
}
