package io.adapt4j.core.internal.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Typed access to the fields of one JSON object of a configuration file. A field that is null
 * counts as absent. Every error names the file, the field with the objects around it, the value
 * found, and the remedy.
 *
 * <p>Thread-safe as long as the underlying object is not changed.
 */
public final class ConfigReader {

  private static final String CORRECT = "Correct the value.";

  /** Key of an object that represents a number JSON cannot express. */
  private static final String NO_JSON_NUMBER = "__float__";

  private static final Map<String, DoubleNode> NO_JSON_NUMBERS =
      Map.of(
          "Infinity", DoubleNode.valueOf(Double.POSITIVE_INFINITY),
          "-Infinity", DoubleNode.valueOf(Double.NEGATIVE_INFINITY),
          "NaN", DoubleNode.valueOf(Double.NaN));

  private static final int LONGEST_VALUE = 120;

  private final Path file;
  private final String prefix;
  private final ObjectNode object;

  private ConfigReader(Path file, String prefix, ObjectNode object) {
    this.file = file;
    this.prefix = prefix;
    this.object = object;
  }

  /** Reads a file that holds one JSON object. */
  public static ConfigReader read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          file + ": no such file. Give the checkpoint folder that holds it, or download it.");
    }
    return parse(file, BoundedFiles.readModelText(file, BoundedFiles.SETTINGS));
  }

  /** Parses the text of a configuration file. */
  public static ConfigReader parse(Path file, String json) {
    try {
      JsonNode root = Json.parse(json);
      if (root instanceof ObjectNode object) {
        return of(file, object);
      }
      throw new CheckpointException(
          file + ": expected a JSON object, found " + describe(root) + ". Download it again.");
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file
              + ": not valid JSON at line "
              + (e.getLocation() == null ? "?" : e.getLocation().getLineNr())
              + ": "
              + e.getOriginalMessage()
              + ". Correct it or download it again.",
          e);
    }
  }

  static ConfigReader of(Path file, ObjectNode object) {
    return new ConfigReader(file, "", object);
  }

  /** Returns this object with one field added or replaced. */
  ConfigReader with(String field, JsonNode value) {
    ObjectNode changed = json();
    changed.set(field, value);
    return new ConfigReader(file, prefix, changed);
  }

  /** {@return the file named in errors} */
  public Path file() {
    return file;
  }

  public ObjectNode json() {
    return object.deepCopy();
  }

  /** Returns whether a field is present and not null. */
  public boolean has(String field) {
    return object.hasNonNull(field);
  }

  public OptionalInt optionalInt(String field) {
    return has(field)
        ? OptionalInt.of(asInt(field, object.get(field), "an integer"))
        : OptionalInt.empty();
  }

  public int requirePositiveInt(String field) {
    if (!has(field)) {
      throw missing(field, "a positive integer");
    }
    return positiveInt(field, 0);
  }

  public int positiveInt(String field, int defaultValue) {
    if (!has(field)) {
      return defaultValue;
    }
    int value = asInt(field, object.get(field), "a positive integer");
    if (value <= 0) {
      throw invalid(field, "a positive integer", CORRECT);
    }
    return value;
  }

  /** Reads an optional finite number. */
  public OptionalDouble optionalNumber(String field) {
    if (!has(field)) {
      return OptionalDouble.empty();
    }
    JsonNode node = number(object.get(field));
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      throw invalid(field, "a finite number", CORRECT);
    }
    return OptionalDouble.of(node.doubleValue());
  }

  /** Reads a required finite, positive number. */
  public double requirePositiveNumber(String field) {
    if (!has(field)) {
      throw missing(field, "a positive number");
    }
    return positiveNumber(field, 0);
  }

  /** Reads a finite, positive number with a default. */
  public double positiveNumber(String field, double defaultValue) {
    OptionalDouble value = optionalNumber(field);
    if (value.isPresent() && value.getAsDouble() <= 0) {
      throw invalid(field, "a positive number", CORRECT);
    }
    return value.orElse(defaultValue);
  }

  public boolean bool(String field, boolean defaultValue) {
    if (!has(field)) {
      return defaultValue;
    }
    if (!object.get(field).isBoolean()) {
      throw invalid(field, "true or false", CORRECT);
    }
    return object.get(field).booleanValue();
  }

  public String requireText(String field) {
    return optionalText(field).orElseThrow(() -> missing(field, "a text"));
  }

  public Optional<String> optionalText(String field) {
    if (!has(field)) {
      return Optional.empty();
    }
    if (!object.get(field).isTextual()) {
      throw invalid(field, "a text", CORRECT);
    }
    return Optional.of(object.get(field).textValue());
  }

  public List<String> texts(String field) {
    if (!has(field)) {
      return List.of();
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode item : array(field, "an array of texts")) {
      if (!item.isTextual()) {
        throw invalid(field, "an array of texts", CORRECT);
      }
      texts.add(item.textValue());
    }
    return List.copyOf(texts);
  }

  /** Reads one integer or a list of integers: files write token ids either way. */
  public List<Integer> integers(String field) {
    String expected = "an integer or an array of integers";
    if (!has(field)) {
      return List.of();
    }
    if (!object.get(field).isArray()) {
      return List.of(asInt(field, object.get(field), expected));
    }
    List<Integer> integers = new ArrayList<>();
    for (JsonNode item : object.get(field)) {
      integers.add(asInt(field, item, expected));
    }
    return List.copyOf(integers);
  }

  /** Reads a list of finite, positive numbers. */
  public List<Double> positiveNumbers(String field) {
    String expected = "an array of positive numbers";
    if (!has(field)) {
      throw missing(field, expected);
    }
    List<Double> numbers = new ArrayList<>();
    for (JsonNode item : array(field, expected)) {
      JsonNode value = number(item);
      if (!value.isNumber()
          || !(value.doubleValue() > 0)
          || Double.isInfinite(value.doubleValue())) {
        throw invalid(field, expected, CORRECT);
      }
      numbers.add(value.doubleValue());
    }
    return List.copyOf(numbers);
  }

  /** Reads an element of a list of numbers, which may be infinite. */
  public OptionalDouble numberAt(String field, int index) {
    if (!has(field)) {
      return OptionalDouble.empty();
    }
    String expected = "an array of numbers";
    int at = 0;
    for (JsonNode item : array(field, expected)) {
      if (at++ == index) {
        JsonNode value = number(item);
        if (!value.isNumber() || Double.isNaN(value.doubleValue())) {
          throw invalid(field, expected, CORRECT);
        }
        return OptionalDouble.of(value.doubleValue());
      }
    }
    return OptionalDouble.empty();
  }

  /** Distinguishes a null field from an absent one, for fields in which null has a meaning. */
  public boolean isNull(String field) {
    return object.path(field).isNull();
  }

  /** Reads a nested object. */
  public Optional<ConfigReader> child(String field) {
    if (!has(field)) {
      return Optional.empty();
    }
    if (object.get(field) instanceof ObjectNode child) {
      return Optional.of(new ConfigReader(file, prefix + field + ".", child));
    }
    throw invalid(field, "an object", CORRECT);
  }

  /** Rejects a number that does not divide another one. */
  public void requireDivisor(String field, int number, String other, int whole) {
    if (whole % number != 0) {
      throw invalid(field, "a divisor of " + other + " " + whole, "Correct one of the two.");
    }
  }

  /** Creates the exception for a field with an unusable value. */
  public CheckpointException invalid(String field, String expected, String remedy) {
    return new CheckpointException(
        "%s: field '%s%s': expected %s, found %s. %s"
            .formatted(file, prefix, field, expected, describe(object.path(field)), remedy));
  }

  Iterable<String> names() {
    return object::fieldNames;
  }

  /** Returns a field's value, or a missing node. */
  JsonNode node(String field) {
    return object.path(field);
  }

  /** Decodes a number. Transformers 5 writes infinite ones as {@code {"__float__": "Infinity"}}. */
  public static JsonNode number(JsonNode node) {
    String word = node.size() == 1 ? node.path(NO_JSON_NUMBER).asText() : "";
    return NO_JSON_NUMBERS.containsKey(word) ? NO_JSON_NUMBERS.get(word) : node;
  }

  private CheckpointException missing(String field, String expected) {
    return invalid(field, expected, "Add the field, or fetch the model's original file.");
  }

  private Iterable<JsonNode> array(String field, String expected) {
    if (!object.get(field).isArray()) {
      throw invalid(field, expected, CORRECT);
    }
    return object.get(field);
  }

  private int asInt(String field, JsonNode node, String expected) {
    boolean whole = node.isNumber() && node.doubleValue() == Math.rint(node.doubleValue());
    if (!whole || !node.canConvertToInt()) {
      throw invalid(field, expected, CORRECT);
    }
    return node.intValue();
  }

  private static String describe(JsonNode node) {
    if (node.isMissingNode()) {
      return "nothing";
    }
    String text = Json.compact(node);
    return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + "...";
  }
}
