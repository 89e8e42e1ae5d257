package io.adapt4j.core.internal.encode;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Settings of a sentence-transformers folder: {@code modules.json}, {@code
 * sentence_bert_config.json} and {@code config_sentence_transformers.json}. A folder without them
 * is a plain encoder.
 */
public record SentenceFolder(
    Path transformer,
    Optional<Path> pooling,
    List<Module> after,
    boolean hasModules,
    OptionalInt maxTokens,
    boolean lowerCase,
    Map<String, String> prompts,
    Optional<String> defaultPrompt,
    OptionalInt dimension) {

  /** Lists the modules of an embedding model. */
  public static final String MODULES = "modules.json";

  static final String PROMPTS = "config_sentence_transformers.json";

  /** Key of the dimension to which vectors are truncated, in {@link #PROMPTS}. */
  static final String TRUNCATION = "truncate_dim";

  /** Names of the settings file; older versions named it after the class of the network. */
  private static final List<String> SETTINGS =
      List.of(
          "sentence_bert_config.json",
          "sentence_roberta_config.json",
          "sentence_distilbert_config.json",
          "sentence_camembert_config.json",
          "sentence_albert_config.json",
          "sentence_xlm-roberta_config.json");

  /** The files that may accompany {@link #MODULES}. */
  static final List<String> SETTINGS_AND_PROMPTS =
      Stream.concat(SETTINGS.stream(), Stream.of(PROMPTS)).toList();

  /** Kinds of modules after pooling. */
  enum Kind {
    DENSE,
    NORMALIZE
  }

  /** A module after pooling. */
  record Module(Kind kind, Path folder) {}

  /** Reads a folder. No weights are read. */
  public static SentenceFolder read(Path folder) {
    Path file = folder.resolve(MODULES);
    boolean hasModules = Files.isRegularFile(file);
    Modules modules = hasModules ? Modules.read(folder, file) : Modules.none(folder);
    Optional<ConfigReader> settings = settings(modules.transformer());
    Optional<ConfigReader> prompts = optional(folder.resolve(PROMPTS));
    return new SentenceFolder(
        modules.transformer(),
        modules.pooling(),
        modules.after(),
        hasModules,
        settings
            .filter(setting -> setting.has("max_seq_length"))
            .map(reader -> OptionalInt.of(reader.requirePositiveInt("max_seq_length")))
            .orElse(OptionalInt.empty()),
        settings.map(setting -> setting.bool("do_lower_case", false)).orElse(false),
        prompts.map(SentenceFolder::prompts).orElse(Map.of()),
        prompts.flatMap(SentenceFolder::defaultPrompt),
        prompts
            .filter(config -> config.has(TRUNCATION))
            .map(config -> OptionalInt.of(config.requirePositiveInt(TRUNCATION)))
            .orElse(OptionalInt.empty()));
  }

  private static Optional<ConfigReader> settings(Path transformer) {
    return SETTINGS.stream()
        .map(name -> optional(transformer.resolve(name)))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<ConfigReader> optional(Path file) {
    return Files.isRegularFile(file) ? Optional.of(ConfigReader.read(file)) : Optional.empty();
  }

  private static Map<String, String> prompts(ConfigReader config) {
    Map<String, String> prompts = new LinkedHashMap<>();
    config
        .child("prompts")
        .ifPresent(
            child ->
                child
                    .json()
                    .fieldNames()
                    .forEachRemaining(name -> prompts.put(name, child.requireText(name))));
    return prompts;
  }

  private static Optional<String> defaultPrompt(ConfigReader config) {
    Optional<String> name = config.optionalText("default_prompt_name");
    if (name.isPresent() && !prompts(config).containsKey(name.get())) {
      throw config.invalid(
          "default_prompt_name",
          "one of " + prompts(config).keySet(),
          "Add the prompt, or remove the field.");
    }
    return name;
  }

  /** The modules listed in a file, in the only supported order. */
  private record Modules(Path transformer, Optional<Path> pooling, List<Module> after) {

    static Modules none(Path folder) {
      return new Modules(folder, Optional.empty(), List.of());
    }

    static Modules read(Path folder, Path file) {
      JsonNode list = parse(file);
      Path transformer = null;
      Path pooling = null;
      List<Module> after = new ArrayList<>();
      for (JsonNode module : list) {
        String type = module.path("type").asText("");
        Path at = resolve(file, folder, module.path("path").asText(""));
        switch (type.substring(type.lastIndexOf('.') + 1)) {
          case "Transformer" -> {
            require(file, type, transformer == null, "as the first module only");
            transformer = at;
          }
          case "Pooling" -> {
            require(file, type, transformer != null && pooling == null, "once, after Transformer");
            pooling = at;
          }
          case "Dense" -> {
            require(file, type, pooling != null, "after Pooling");
            after.add(new Module(Kind.DENSE, at));
          }
          case "Normalize" -> {
            require(file, type, pooling != null, "after Pooling");
            after.add(new Module(Kind.NORMALIZE, at));
          }
          // Does nothing at inference.
          case "Dropout" -> require(file, type, pooling != null, "after Pooling");
          default ->
              throw new CheckpointException(
                  ("%s: expected modules of the types Transformer, Pooling, Dense, Normalize"
                          + " and Dropout, found '%s'. This build cannot run such a model.")
                      .formatted(file, type));
        }
      }
      require(file, "Pooling", pooling != null, "once");
      return new Modules(transformer, Optional.of(pooling), List.copyOf(after));
    }

    private static JsonNode parse(Path file) {
      try {
        JsonNode list = Json.parse(BoundedFiles.readModelText(file, BoundedFiles.SETTINGS));
        if (list.isArray()) {
          return list;
        }
        throw new CheckpointException(file + ": expected a JSON array. Download it again.");
      } catch (JsonProcessingException e) {
        throw new CheckpointException(
            file + ": not valid JSON: " + e.getOriginalMessage() + ". Download it again.", e);
      }
    }

    private static Path resolve(Path file, Path folder, String path) {
      try {
        Path at = folder.resolve(path).normalize();
        if (at.startsWith(folder.normalize())) {
          return at;
        }
      } catch (InvalidPathException e) {
        // Not a valid path at all: refused like one that leads out of the folder.
      }
      throw new CheckpointException(
          file + ": expected paths inside the model's folder, found '" + path + "'. Correct it.");
    }

    private static void require(Path file, String type, boolean condition, String place) {
      if (!condition) {
        throw new CheckpointException(
            "%s: expected a module of type %s %s. This build cannot run another order."
                .formatted(file, type, place));
      }
    }
  }
}
