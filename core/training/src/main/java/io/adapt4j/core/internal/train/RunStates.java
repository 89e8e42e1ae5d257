package io.adapt4j.core.internal.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.FileChecksums;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The saved states of a run: one folder per state, with its tensors and a description that holds
 * the checksums of the tensors and of itself. A folder appears under its name only when it is
 * complete and on the device.
 */
public final class RunStates {

  private static final Logger LOG = LoggerFactory.getLogger(RunStates.class);

  /** Subfolder of the output. */
  static final String FOLDER = "states";

  static final String DESCRIPTION = "state.json";
  private static final String TENSORS = "state.safetensors";

  /** Format with checksums, in which the evaluation before training counts as a best. */
  private static final int FORMAT = 2;

  /** Older format without checksums of descriptions; tensors have a SHA-256. */
  private static final int UNCHECKED_FORMAT = 1;

  private final Path folder;
  private final StateOptions options;

  RunStates(Path output, StateOptions options) {
    this.folder = output.resolve(FOLDER);
    this.options = options;
  }

  /** A state to resume from. */
  record Found(Path path, Path tensors, Progress progress, boolean checked, List<String> damaged) {}

  /** Returns whether a run can be resumed. */
  public static boolean exist(Path output) {
    return !folders(output.resolve(FOLDER)).isEmpty();
  }

  /** Saves a state and deletes the oldest beyond the limit. */
  void save(Progress progress, List<TensorData> tensors) {
    Path target = folder.resolve(name(progress.steps()));
    Path hidden = AtomicFolders.hidden(target);
    try {
      Disk.createFolders(hidden);
      SafetensorsWriter.create().writeFile(hidden.resolve(TENSORS), tensors);
      ObjectNode description = progress.toJson();
      description.put("format", FORMAT);
      description.set("files", FileChecksums.of(hidden));
      ObjectNode identity = description.putObject("identity");
      options.identity().forEach(identity::put);
      CheckedJson.write(hidden.resolve(DESCRIPTION), description);
      AtomicFolders.publish(hidden, target);
      prune();
    } catch (IOException | RuntimeException e) {
      AtomicFolders.discard(hidden);
      throw new TrainingException(
          ("Saving the state of step %s, %s, failed: %s. States saved before are intact;"
                  + " continue from them with resume().")
              .formatted(progress.steps(), target, WriteFailure.explain(folder, e)),
          e);
    }
  }

  /** Finds the newest intact state. */
  Optional<Found> newest(Optional<EarlyStopping> rules, Function<Found, Optional<String>> unfit) {
    List<Path> all = folders();
    List<String> damaged = new ArrayList<>();
    for (Path state : all) {
      try {
        Found found = read(state, rules, damaged);
        Optional<String> problem = unfit.apply(found);
        if (problem.isEmpty()) {
          return Optional.of(found);
        }
        damaged.add(state + ": the checkpoint it goes with is damaged: " + problem.get());
      } catch (DamagedStateException e) {
        damaged.add(state + ": " + e.getMessage());
      }
    }
    if (all.isEmpty()) {
      return Optional.empty();
    }
    throw new TrainingException(
        ("No state in %s can be continued from:\n  %s\nPut the files back from a copy. Without"
                + " one, delete a damaged checkpoint '%s' to have the best chosen among the"
                + " evaluations to come; if the states themselves are damaged, delete %s to"
                + " train from the beginning.")
            .formatted(folder, String.join("\n  ", damaged), Trainer.BEST, folder));
  }

  /** Thrown for a damaged state. */
  private static final class DamagedStateException extends Exception {

    private static final long serialVersionUID = 1;

    DamagedStateException(String message) {
      super(message);
    }
  }

  /** Reads the state of a step that the leading worker has chosen. */
  Found at(int step, Optional<EarlyStopping> rules) {
    Path state = folder.resolve(name(step));
    try {
      return read(state, rules, List.of());
    } catch (DamagedStateException e) {
      throw new TrainingException(
          ("%s: %s, but the leading worker has read it. All workers need the output folder at the"
                  + " same path, on storage that they share.")
              .formatted(state, e.getMessage()));
    }
  }

  /** Returns the folders of the states up to a step, newest first; they may be damaged. */
  List<Path> upTo(int last) {
    return folders().stream()
        .filter(state -> state.getFileName().toString().compareTo(name(last)) <= 0)
        .toList();
  }

  /** Reads a state; empty if it is damaged. */
  Optional<Found> intact(Path state, Optional<EarlyStopping> rules) {
    try {
      return Optional.of(read(state, rules, List.of()));
    } catch (DamagedStateException e) {
      LOG.warn("{} is left out: {}", state, e.getMessage());
      return Optional.empty();
    }
  }

  boolean has(int step) {
    return Files.isDirectory(folder.resolve(name(step)));
  }

  static String name(int step) {
    return String.format(Locale.ROOT, "step-%08d", step);
  }

  private Found read(Path state, Optional<EarlyStopping> rules, List<String> damaged)
      throws DamagedStateException {
    try {
      CheckedJson.Content content = CheckedJson.read(state.resolve(DESCRIPTION));
      JsonNode description = content.json();
      requireReadable(state, content);
      Optional<String> problem =
          content.checked()
              ? FileChecksums.problem(state, files(description))
              : uncheckedProblem(state, description);
      if (problem.isPresent()) {
        throw new DamagedStateException(problem.get());
      }
      Progress progress = Progress.of(description, !content.checked(), rules);
      requireSameRun(state, content);
      return new Found(state, state.resolve(TENSORS), progress, content.checked(), damaged);
    } catch (CheckedJson.DamagedException | IllegalArgumentException e) {
      throw new DamagedStateException(DESCRIPTION + " is damaged: " + e.getMessage());
    } catch (IOException e) {
      throw new DamagedStateException("reading failed: " + e);
    }
  }

  private static void requireReadable(Path state, CheckedJson.Content content) {
    if (!content.json().path("format").isInt()) {
      throw new IllegalArgumentException("the field 'format' is missing");
    }
    int format = content.json().path("format").intValue();
    if (content.checked() && format != FORMAT) {
      throw new TrainingException(
          ("%s has the format %s, which this version of Adapt4J does not read. Go on with the"
                  + " version that saved it, or train into another output folder.")
              .formatted(state, format));
    }
    if (!content.checked() && format != UNCHECKED_FORMAT) {
      throw new IllegalArgumentException(
          "it has neither a checksum nor the format of states without one");
    }
  }

  private static JsonNode files(JsonNode description) {
    JsonNode files = description.path("files");
    if (!files.has(TENSORS)) {
      throw new IllegalArgumentException("the field 'files' is missing or has no " + TENSORS);
    }
    return files;
  }

  private static Optional<String> uncheckedProblem(Path state, JsonNode description)
      throws IOException {
    String found = FileDigest.sha256(state.resolve(TENSORS));
    return found.equals(description.path("sha256").asText())
        ? Optional.empty()
        : Optional.of(TENSORS + " is damaged (its checksum is " + found + ")");
  }

  private void requireSameRun(Path state, CheckedJson.Content content) {
    JsonNode stored = content.json().path("identity");
    if (!stored.isObject()) {
      throw new IllegalArgumentException("the field 'identity' is missing");
    }
    Map<String, String> parts = new HashMap<>();
    stored.properties().forEach(part -> parts.put(part.getKey(), part.getValue().asText()));
    List<String> changes = new ArrayList<>();
    for (Map.Entry<String, String> part : options.identity().entrySet()) {
      String before = parts.getOrDefault(part.getKey(), "(nothing)");
      if (!before.equals(part.getValue())) {
        changes.add(part.getKey() + ": was " + before + ", is " + part.getValue());
      }
    }
    if (!changes.isEmpty()) {
      throw new TrainingException(
          state
              + " belongs to another run"
              + (content.checked() ? "" : ", or is damaged: states of its version have no checksum")
              + ", so continuing from it would not be the run described here:"
              + "\n  "
              + String.join("\n  ", changes)
              + "\nDescribe the run as it was, or train into another output folder.");
    }
  }

  /** Deletes every state. */
  void clear() {
    try {
      for (Path file : folders()) {
        AtomicFolders.delete(file);
      }
    } catch (IOException e) {
      throw new TrainingException("Deleting the old states in " + folder + " failed: " + e);
    }
  }

  private void prune() throws IOException {
    List<Path> all = folders();
    for (Path old : all.subList(Math.min(options.kept(), all.size()), all.size())) {
      AtomicFolders.delete(old);
    }
  }

  /** Returns complete states, newest first. */
  private List<Path> folders() {
    return folders(folder);
  }

  private static List<Path> folders(Path folder) {
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
