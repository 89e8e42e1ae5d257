package io.adapt4j.core.internal.config;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * LoRA adapters of tasks that are stored with a model's weights, as the remote code of
 * jina-embeddings-v3 has them: their rank, the factor of their products, and the instruction that
 * precedes a task's texts, by the task's name.
 */
public record TaskAdapters(int rank, double factor, Map<String, String> instructions) {

  static final String NAMES = "lora_adaptations";
  static final String INSTRUCTIONS = "task_instructions";
  static final String RANK = "lora_rank";
  static final String ALPHA = "lora_alpha";
  static final String STORED = "load_trained_adapters";

  private static final int DEFAULT_RANK = 4;

  /** Reads the adapters of a model folder; empty if its configuration names none. */
  public static Optional<TaskAdapters> in(Path folder) {
    Path file = folder.resolve(ModelConfig.FILE);
    return Files.isRegularFile(file)
        ? Optional.of(ConfigReader.read(file))
            .filter(JinaFields::areRotary)
            .flatMap(TaskAdapters::read)
        : Optional.empty();
  }

  /** Reads the adapters that a configuration names. */
  static Optional<TaskAdapters> read(ConfigReader fields) {
    if (!fields.has(NAMES)) {
      return Optional.empty();
    }
    List<String> names = fields.texts(NAMES);
    Map<String, String> instructions = new LinkedHashMap<>();
    ConfigReader texts = fields.child(INSTRUCTIONS).orElseGet(() -> empty(fields));
    names.forEach(name -> instructions.put(name, texts.optionalText(name).orElse("")));
    if (names.isEmpty() || instructions.size() != names.size()) {
      throw fields.invalid(NAMES, "at least one task, each named once", "Correct the names.");
    }
    List<String> unknown = new ArrayList<>();
    for (Iterator<String> found = texts.names().iterator(); found.hasNext(); ) {
      String name = found.next();
      if (!instructions.containsKey(name)) {
        unknown.add(name);
      }
    }
    if (!unknown.isEmpty()) {
      throw fields.invalid(
          INSTRUCTIONS, "instructions of the tasks " + names, "Remove those of " + unknown + ".");
    }
    if (!fields.bool(STORED, false)) {
      throw fields.invalid(
          STORED,
          "true",
          "Without it, the model's own code starts the adapters of "
              + NAMES
              + " anew; set it, or"
              + " remove "
              + NAMES
              + " if the weights have none.");
    }
    int rank = fields.positiveInt(RANK, DEFAULT_RANK);
    return Optional.of(
        new TaskAdapters(rank, fields.positiveNumber(ALPHA, 1) / rank, instructions));
  }

  private static ConfigReader empty(ConfigReader fields) {
    return ConfigReader.of(fields.file(), new ObjectNode(null));
  }

  /** Returns the names of the tasks, in the order of their matrices. */
  public List<String> names() {
    return List.copyOf(instructions.keySet());
  }
}
