package io.adapt4j.core.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.checkpoint.SafetensorsWriter;
import io.adapt4j.core.checkpoint.TensorData;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The saved states of a run: one folder a state, with the tensors and a description that carries
 * their checksum. A folder appears under its name only when it is complete.
 */
final class RunStates {

  /** Sub-folder of the output. */
  static final String FOLDER = "states";

  private static final String DESCRIPTION = "state.json";
  private static final String TENSORS = "state.safetensors";

  /** Since 2 the evaluation before training counts for the best checkpoint. */
  private static final int FORMAT = 2;

  private final Path folder;
  private final StateOptions options;

  RunStates(Path output, StateOptions options) {
    this.folder = output.resolve(FOLDER);
    this.options = options;
  }

  /**
   * A state that can be gone on from.
   *
   * @param path its folder
   * @param tensors its tensors, a safetensors file
   * @param progress how far the run had come
   * @param damaged why newer ones were passed over
   */
  record Found(Path path, Path tensors, JsonNode progress, List<String> damaged) {}

  /** Saves a state and deletes those that are too many. */
  void save(Progress progress, List<TensorData> tensors) {
    Path target = folder.resolve(String.format(Locale.ROOT, "step-%08d", progress.steps()));
    Path hidden = Folders.hidden(target);
    try {
      Files.createDirectories(hidden);
      Path file = hidden.resolve(TENSORS);
      SafetensorsWriter.create().writeFile(file, tensors);
      ObjectNode description = progress.toJson();
      description.put("format", FORMAT);
      description.put("sha256", FileDigest.sha256(file));
      ObjectNode identity = description.putObject("identity");
      options.identity().forEach(identity::put);
      AtomicFiles.writeJson(hidden.resolve(DESCRIPTION), description);
      Folders.publish(hidden, target);
      prune();
    } catch (IOException | RuntimeException e) {
      Folders.deleteQuietly(hidden);
      throw new TrainingException(
          "Saving the state of step "
              + progress.steps()
              + " in "
              + folder
              + " failed. States saved before are intact; check free space and permissions, and go on"
              + " with resume(). Cause: "
              + e.getMessage(),
          e);
    }
  }

  /**
   * Finds the newest intact state.
   *
   * @return empty if no state was saved
   * @throws TrainingException if every state is damaged, or the run that saved it was another
   */
  Optional<Found> newest() {
    List<Path> all = folders();
    List<String> damaged = new ArrayList<>();
    for (Path one : all) {
      try {
        JsonNode description = Json.parse(Files.readString(one.resolve(DESCRIPTION)));
        Path tensors = one.resolve(TENSORS);
        String found = FileDigest.sha256(tensors);
        if (found.equals(description.path("sha256").asText())) {
          requireFormat(one, description);
          requireSameRun(one, description);
          return Optional.of(new Found(one, tensors, description, damaged));
        }
        damaged.add(one + ": " + TENSORS + " is damaged (its checksum is " + found + ")");
      } catch (JsonProcessingException e) {
        damaged.add(one + ": " + DESCRIPTION + " is damaged: " + e.getOriginalMessage());
      } catch (IOException e) {
        damaged.add(one + ": reading failed: " + e);
      }
    }
    if (all.isEmpty()) {
      return Optional.empty();
    }
    throw new TrainingException(
        "No state in "
            + folder
            + " is intact:\n  "
            + String.join("\n  ", damaged)
            + "\nDelete the folder to train from the beginning.");
  }

  private static void requireFormat(Path state, JsonNode description) {
    int found = description.path("format").asInt();
    if (found != FORMAT) {
      throw new TrainingException(
          state
              + " has format "
              + found
              + ", written by another version of Adapt4J; this one goes on from format "
              + FORMAT
              + ". Finish the run with the version that began it, or train from the beginning: with"
              + " overwriteOutput, or into another output folder.");
    }
  }

  private void requireSameRun(Path state, JsonNode description) {
    JsonNode stored = description.path("identity");
    List<String> changes = new ArrayList<>();
    for (Map.Entry<String, String> part : options.identity().entrySet()) {
      String before = stored.path(part.getKey()).asText("(nothing)");
      if (!before.equals(part.getValue())) {
        changes.add(part.getKey() + ": was " + before + ", is " + part.getValue());
      }
    }
    if (!changes.isEmpty()) {
      throw new TrainingException(
          state
              + " belongs to another run, so going on from it would not be the run described here:"
              + "\n  "
              + String.join("\n  ", changes)
              + "\nDescribe the run as it was, or train into another output folder.");
    }
  }

  /** Deletes every state. */
  void clear() {
    try {
      for (Path one : folders()) {
        Folders.delete(one);
      }
    } catch (IOException e) {
      throw new TrainingException("Deleting the old states in " + folder + " failed: " + e);
    }
  }

  private void prune() throws IOException {
    List<Path> all = folders();
    for (Path old : all.subList(Math.min(options.kept(), all.size()), all.size())) {
      Folders.delete(old);
    }
  }

  /** Complete states, the newest first. */
  private List<Path> folders() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(folder)) {
      return children
          .filter(child -> child.getFileName().toString().startsWith("step-"))
          .sorted(Comparator.reverseOrder())
          .toList();
    } catch (IOException e) {
      throw new TrainingException("Reading " + folder + " failed: " + e);
    }
  }
}
