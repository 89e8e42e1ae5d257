package io.adapt4j.eval.internal.metric.document;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.HashMultiset;
import com.google.common.collect.Multiset;
import com.google.common.collect.Multisets;
import io.adapt4j.core.internal.Json;
import io.adapt4j.eval.internal.metric.Rows;
import java.util.Optional;

/**
 * Counts of fields that two JSON objects have in common, over all rows (the field-level F1 of Kim
 * et al. 2022, "OCR-free Document Understanding Transformer"). A field is a path of names and its
 * value as text without surrounding white space; entries of an array have the array's path, in any
 * order. A field counts as often as it occurs. A prediction that is no JSON object has no fields.
 */
public final class FieldMatches {

  /** Maximum depth of nested values; deeper ones count as one field each. */
  private static final int DEPTH = 64;

  private long rows;
  private long hits;
  private long predicted;
  private long wanted;

  private record Field(String path, String value) {}

  /** Adds a row of two JSON objects. */
  public void add(String prediction, String truth) {
    Rows.present(rows + 1, "the prediction", prediction);
    Rows.present(rows + 1, "the reference", truth);
    Multiset<Field> right =
        fields(truth)
            .orElseThrow(
                () ->
                    Rows.bad(
                        rows + 1,
                        "the reference is no JSON object; write fields as {\"total\": \"12.50\"}"));
    Multiset<Field> found = fields(prediction).orElseGet(HashMultiset::create);
    rows++;
    hits += Multisets.intersection(found, right).size();
    predicted += found.size();
    wanted += right.size();
  }

  /** Adds all counts of another. */
  public void merge(FieldMatches other) {
    rows += other.rows;
    hits += other.hits;
    predicted += other.predicted;
    wanted += other.wanted;
  }

  /** Returns the number of fields that were predicted and are right. */
  public long hits() {
    Rows.some("The F1 of fields", rows);
    return hits;
  }

  /** Returns the number of predicted fields. */
  public long predicted() {
    return predicted;
  }

  /** Returns the number of fields of the references. */
  public long wanted() {
    return wanted;
  }

  private static Optional<Multiset<Field>> fields(String text) {
    JsonNode json;
    try {
      json = Json.parse(text.strip());
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
    if (!json.isObject()) {
      return Optional.empty();
    }
    Multiset<Field> fields = HashMultiset.create();
    collect("", json, 0, fields);
    return Optional.of(fields);
  }

  private static void collect(String path, JsonNode node, int depth, Multiset<Field> to) {
    if (node.isObject() && depth < DEPTH) {
      node.properties()
          .forEach(entry -> collect(path + "/" + entry.getKey(), entry.getValue(), depth + 1, to));
    } else if (node.isArray() && depth < DEPTH) {
      node.forEach(entry -> collect(path, entry, depth + 1, to));
    } else {
      to.add(new Field(path, (node.isValueNode() ? node.asText() : node.toString()).strip()));
    }
  }
}
