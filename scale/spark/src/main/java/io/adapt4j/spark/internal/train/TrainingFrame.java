package io.adapt4j.spark.internal.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Shape;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.spark.data.ShardedData;
import io.adapt4j.spark.data.SparkDatasets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A DataFrame to train on: its columns are checked with a synthetic row of their types, then
 * executors write it as shards.
 */
final class TrainingFrame {

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final Set<String> TEXTS =
      Set.of("text", "prompt", "completion", "response", "chosen", "rejected", "query", "passage");

  private TrainingFrame() {}

  static ShardedData write(String option, SparkDatasets rows, Path folder) {
    try {
      return rows.withoutNulls().write(folder.toAbsolutePath().normalize().toUri().toString());
    } catch (IllegalArgumentException e) {
      throw SettingsException.ofFineTuning(List.of(option + ": " + e.getMessage()));
    }
  }

  static Optional<String> check(String option, SparkDatasets rows) {
    StructType schema = rows.frame().schema();
    requireTexts(option, schema, rows.written());
    ObjectNode example = NODES.objectNode();
    rows.written().forEach(name -> example.set(name, value(schema.apply(name).dataType())));
    try {
      Path file = Files.createTempFile("adapt4j-", ".jsonl");
      try {
        Files.writeString(file, Json.compact(example) + "\n");
        return Datasets.read(file)
            .open()
            .shape()
            .filter(shape -> shape == Shape.PROMPT)
            .map(shape -> option + ": the columns " + columns(schema, rows.written()));
      } catch (DatasetException e) {
        String found = String.valueOf(e.getMessage());
        int line = found.indexOf("line 1: ");
        throw SettingsException.ofFineTuning(
            List.of(
                "%s: no training data can be made of the columns %s: %s Name or select columns with"
                        .formatted(
                            option,
                            columns(schema, rows.written()),
                            found.substring(line < 0 ? 0 : line + "line 1: ".length()))
                    + " frame.select(col(...).as(...)), or SparkDatasets.fields(...)."));
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Requires text columns: files may have a number for a text, but a numeric column is a mistake.
   */
  private static void requireTexts(String option, StructType schema, List<String> names) {
    for (String name : names) {
      DataType type = schema.apply(name).dataType();
      if (TEXTS.contains(name) && (type instanceof NumericType || type instanceof BooleanType)) {
        throw SettingsException.ofFineTuning(
            List.of(
                "%s: column '%s': expected a string or messages, found %s. Select"
                        .formatted(option, name, type.simpleString())
                    + " col(\"%s\").cast(\"string\") if it is meant as a text.".formatted(name)));
      }
    }
  }

  private static List<String> columns(StructType schema, List<String> names) {
    return Arrays.stream(schema.fields())
        .filter(field -> names.contains(field.name()))
        .map(field -> "'" + field.name() + "' " + field.dataType().simpleString())
        .toList();
  }

  /** Returns a value of a type, as Spark writes it in JSON. */
  private static JsonNode value(DataType type) {
    if (type instanceof ArrayType array) {
      ArrayNode values = NODES.arrayNode().add(value(array.elementType()));
      if (array.elementType() instanceof StructType struct && isMessage(struct)) {
        values.add(message(struct, "assistant"));
      }
      return values;
    }
    if (type instanceof StructType struct) {
      return message(struct, "user");
    }
    if (type instanceof IntegralType) {
      return IntNode.valueOf(1);
    }
    if (type instanceof NumericType || type instanceof DecimalType) {
      return DoubleNode.valueOf(1.5);
    }
    if (type instanceof BooleanType) {
      return BooleanNode.TRUE;
    }
    // Non-text, such as bytes, must not pass as text.
    return type instanceof StringType ? TextNode.valueOf("text") : NODES.objectNode();
  }

  private static boolean isMessage(StructType type) {
    return Arrays.asList(type.fieldNames()).contains("role");
  }

  private static ObjectNode message(StructType type, String role) {
    ObjectNode value = NODES.objectNode();
    for (StructField field : type.fields()) {
      value.set(
          field.name(),
          field.name().equals("role") ? TextNode.valueOf(role) : value(field.dataType()));
    }
    return value;
  }
}
