package io.adapt4j.core.internal.nn.family.common;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The fields that each family's configuration class has in Transformers 4.57 and 5.15, and those of
 * files published before: either supported, or without effect, or supported with certain values
 * only. The list is the resource {@value #RESOURCE}, which starts with a description of its format.
 */
public record KnownFields(Map<String, Mark> marks) {

  private static final String RESOURCE = "config-fields.txt";
  private static final String GROUP = "@";
  private static final String WITHOUT_EFFECT = "-";
  private static final Pattern SPACES = Pattern.compile("\\s+");

  /** Names of numbers that scale or limit scores or states. */
  private static final Pattern FACTOR =
      Pattern.compile(
          "(.*_)?(scale|scales|scaling|multiplier|multipliers|softcap|softcapping|logit_cap|clip)(_.*)?");

  /** Similar names of numbers for training, precision and other modalities. */
  private static final Pattern ELSEWHERE =
      Pattern.compile(".*(init|loss|lr_|aux|grad|fp32|fp16|quant|image|vision|audio|pixel).*");

  private static final Map<String, KnownFields> ALL = read();

  /** Treatment of a field. */
  sealed interface Mark {

    /** The family reads it, or rejects unsupported values; or it has no effect. */
    enum Plain implements Mark {
      READ,
      WITHOUT_EFFECT
    }

    /** The field is not read, and the implementation is correct only for these values. */
    record Only(List<JsonNode> values) implements Mark {

      /** Returns whether a value is one of them. */
      boolean allows(JsonNode value) {
        return values.stream().anyMatch(known -> isEqual(known, value));
      }

      private static boolean isEqual(JsonNode known, JsonNode value) {
        return (known.isNumber() && value.isNumber())
            ? known.doubleValue() == value.doubleValue()
            : known.equals(value);
      }

      @Override
      public String toString() {
        return values.stream().map(Json::compact).reduce((a, b) -> a + " or " + b).orElse("none");
      }
    }
  }

  /** Returns the fields of a family. */
  public static Optional<KnownFields> of(String modelType) {
    return Optional.ofNullable(ALL.get(modelType));
  }

  /** Returns the treatment of a field. */
  public Optional<Mark> mark(String field) {
    return Optional.ofNullable(marks.get(field));
  }

  /** Returns whether a field without a mark changes a model's results, judging by its name. */
  static boolean isFactor(String field, JsonNode value) {
    boolean neutral =
        value.isNull()
            || value.isTextual()
            || (value.isBoolean() && !value.booleanValue())
            || (value.isNumber() && value.doubleValue() == 1)
            || (value.isContainerNode() && value.isEmpty());
    return !neutral && FACTOR.matcher(field).matches() && !ELSEWHERE.matcher(field).matches();
  }

  private static Map<String, KnownFields> read() {
    Map<String, Map<String, Mark>> groups = new HashMap<>();
    Map<String, KnownFields> families = new HashMap<>();
    for (String line : lines()) {
      int end = line.indexOf(':');
      Map<String, Mark> marks = new LinkedHashMap<>();
      for (String field : SPACES.split(line.substring(end + 1).strip(), -1)) {
        if (field.startsWith(GROUP)) {
          marks.putAll(groups.get(field));
        } else {
          add(field, marks);
        }
      }
      for (String name : line.substring(0, end).split(",", -1)) {
        if (name.startsWith(GROUP)) {
          groups.put(name, marks);
        } else {
          families.put(name, new KnownFields(Map.copyOf(marks)));
        }
      }
    }
    return Map.copyOf(families);
  }

  private static void add(String field, Map<String, Mark> marks) {
    int values = field.indexOf('=');
    if (values > 0) {
      List<JsonNode> allowed = new ArrayList<>();
      for (String value : field.substring(values + 1).split("\\|", -1)) {
        allowed.add(parse(value));
      }
      marks.put(field.substring(0, values), new Mark.Only(List.copyOf(allowed)));
    } else if (field.endsWith(WITHOUT_EFFECT)) {
      marks.put(field.substring(0, field.length() - 1), Mark.Plain.WITHOUT_EFFECT);
    } else {
      marks.put(field, Mark.Plain.READ);
    }
  }

  /** Returns the entries of the list, joined with their continuation lines. */
  private static List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (String line : text().lines().toList()) {
      if (line.startsWith(" ")) {
        lines.set(lines.size() - 1, lines.get(lines.size() - 1) + line);
      } else if (!line.isBlank() && !line.startsWith("#")) {
        lines.add(line);
      }
    }
    return lines;
  }

  private static String text() {
    try (InputStream resource = KnownFields.class.getResourceAsStream(RESOURCE)) {
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE, e);
    }
  }

  private static JsonNode parse(String value) {
    try {
      return Json.parse(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(RESOURCE + ": not JSON: " + value, e);
    }
  }
}
