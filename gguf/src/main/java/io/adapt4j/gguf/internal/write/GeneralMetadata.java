package io.adapt4j.gguf.internal.write;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.Json;
import io.adapt4j.gguf.format.GgufMetadata;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The general keys of a file: name, size, license and recommended sampling settings. */
public final class GeneralMetadata {

  private static final Pattern FRONT_MATTER =
      Pattern.compile("\\A---\\R(.*?)^---\\s*$", Pattern.DOTALL | Pattern.MULTILINE);

  private static final Pattern SPACES = Pattern.compile("\\s+");

  private static final Map<String, String> NUMBERS = new LinkedHashMap<>();

  static {
    NUMBERS.put("top_p", "top_p");
    NUMBERS.put("min_p", "min_p");
    NUMBERS.put("temperature", "temp");
  }

  private GeneralMetadata() {}

  /** Writes the keys. */
  public static void write(
      Path folder, String name, TensorList tensors, GgufMetadata.Builder target) {
    target.string("general.type", "model");
    sampling(folder, target);
    target.string("general.name", name);
    String size = sizeLabel(tensors.parametersOfOneExpert());
    long experts = tensors.experts();
    target.string("general.size_label", experts == 0 ? size : experts + "x" + size);
    license(folder, "license").ifPresent(value -> target.string("general.license", value));
    license(folder, "license_name")
        .ifPresent(value -> target.string("general.license.name", value));
    license(folder, "license_link")
        .ifPresent(value -> target.string("general.license.link", value));
  }

  private static void sampling(Path folder, GgufMetadata.Builder target) {
    Path file = folder.resolve("generation_config.json");
    if (!Files.isRegularFile(file)) {
      return;
    }
    JsonNode fields;
    try {
      fields = Json.parse(BoundedFiles.readModelText(file, BoundedFiles.SETTINGS));
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file + ": not valid JSON: " + e.getOriginalMessage() + ". Download the file again.", e);
    }
    if (fields.path("top_k").isInt()) {
      target.int32("general.sampling.top_k", fields.path("top_k").intValue());
    }
    NUMBERS.forEach(
        (field, key) -> {
          if (fields.path(field).isNumber()) {
            target.float32("general.sampling." + key, fields.path(field).floatValue());
          }
        });
  }

  /** Reads a field of the model card's front matter. */
  public static Optional<String> license(Path folder, String field) {
    Path card = folder.resolve("README.md");
    if (!Files.isRegularFile(card)) {
      return Optional.empty();
    }
    Matcher front = FRONT_MATTER.matcher(BoundedFiles.readModelText(card, BoundedFiles.SETTINGS));
    if (!front.find()) {
      return Optional.empty();
    }
    Matcher line =
        Pattern.compile("^" + field + ":\\s*(\\S.*?)\\s*$", Pattern.MULTILINE)
            .matcher(front.group(1));
    return line.find()
        ? Optional.of(line.group(1).replaceAll("^[\"']|[\"']$", ""))
        : Optional.empty();
  }

  /**
   * Returns a display title for a folder name: hyphens become spaces, and lowercase words are
   * capitalized.
   */
  public static String title(String name) {
    StringBuilder title = new StringBuilder();
    for (String word : SPACES.split(name.strip().replace('-', ' '), -1)) {
      boolean plain =
          word.equals(word.toLowerCase(Locale.ROOT))
              && word.chars().anyMatch(Character::isLetter)
              && !word.matches("v\\d+(\\.\\d+)*|\\d.*");
      title.append(title.isEmpty() ? "" : " ").append(plain ? capitalized(word) : word);
    }
    return title.toString();
  }

  private static String capitalized(String word) {
    StringBuilder capitalized = new StringBuilder();
    boolean inside = false;
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      capitalized.append(inside ? c : Character.toUpperCase(c));
      inside = Character.isLetter(c);
    }
    return capitalized.toString();
  }

  /** Returns a size label: 135M, 1.2B. */
  static String sizeLabel(long parameters) {
    double scaled = parameters * 1e-3;
    String unit = "K";
    if (parameters >= 1e12) {
      scaled = parameters * 1e-12;
      unit = "T";
    } else if (parameters >= 1e9) {
      scaled = parameters * 1e-9;
      unit = "B";
    } else if (parameters >= 1e6) {
      scaled = parameters * 1e-6;
      unit = "M";
    }
    String whole = String.valueOf((long) Math.rint(scaled)).replaceFirst("^0+", "");
    int digits = Math.max(2 - whole.length(), 0);
    return String.format(Locale.ROOT, "%." + digits + "f%s", scaled, unit);
  }
}
