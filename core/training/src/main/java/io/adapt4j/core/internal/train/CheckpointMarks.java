package io.adapt4j.core.internal.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.FileChecksums;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Step and file checksums of the checkpoints {@code best} and {@code last}, in a file of the run's
 * folder. A resumed run keeps these checkpoints until better or later ones replace them, so they
 * must be verified.
 */
record CheckpointMarks(Path output) {

  private static final String FILE = "checkpoints.json";
  private static final String STEP = "step";
  private static final String FILES = "files";

  /** Records that a checkpoint is being replaced. */
  void begin(String name, int step) throws IOException {
    write(name, JsonNodeFactory.instance.objectNode().put(STEP, step));
  }

  /** Records the files of a complete checkpoint. */
  void end(String name, int step) throws IOException {
    ObjectNode mark = JsonNodeFactory.instance.objectNode().put(STEP, step);
    mark.set(FILES, FileChecksums.of(output.resolve(name)));
    write(name, mark);
  }

  private void write(String name, ObjectNode mark) throws IOException {
    ObjectNode marks = JsonNodeFactory.instance.objectNode();
    for (String text : List.of(Trainer.BEST, Trainer.LAST)) {
      JsonNode kept = text.equals(name) ? mark : stored().get(text);
      if (kept != null) {
        marks.set(text, kept);
      }
    }
    CheckedJson.write(file(), marks);
  }

  /**
   * Returns the stored marks; empty if the file is damaged, which was reported when the run
   * resumed.
   */
  private JsonNode stored() throws IOException {
    try {
      return CheckedJson.read(file()).json();
    } catch (NoSuchFileException | CheckedJson.DamagedException e) {
      return JsonNodeFactory.instance.objectNode();
    }
  }

  /** Verifies the checkpoint that belongs to a state and returns the problem, if any. */
  Optional<String> problem(String name, int saved, int latest, int steps) {
    Path folder = output.resolve(name);
    try {
      JsonNode mark = CheckedJson.read(file()).json().path(name);
      int step = mark.path(STEP).asInt(-1);
      if (step > steps) {
        return Optional.empty();
      }
      if (step < saved || step > latest || !mark.has(FILES)) {
        return Optional.of(
            folder + " is not the checkpoint of step " + saved + ", as " + file() + " shows");
      }
      return FileChecksums.problem(folder, mark.get(FILES)).map(found -> folder + ": " + found);
    } catch (CheckedJson.DamagedException e) {
      return Optional.of(
          file() + ", which has the checksums of " + folder + ", is damaged: " + e.getMessage());
    } catch (IOException e) {
      return Optional.of("reading " + file() + " or " + folder + " failed: " + e);
    }
  }

  /** Records an unmarked checkpoint of an older version as it is. */
  void adopt(String name, int step) throws IOException {
    if (!stored().has(name) && Files.isDirectory(output.resolve(name))) {
      end(name, step);
    }
  }

  /** Returns the step of a complete checkpoint. */
  OptionalInt step(String name) throws IOException {
    JsonNode mark = stored().path(name);
    return mark.has(FILES) ? OptionalInt.of(mark.path(STEP).asInt()) : OptionalInt.empty();
  }

  /** Returns whether there is no such checkpoint: it was deleted or never saved. */
  boolean isGone(String name) {
    return !Files.exists(output.resolve(name));
  }

  /** Returns whether a saved checkpoint was deleted. */
  boolean isDeleted(String name) throws IOException {
    return isGone(name) && stored().has(name);
  }

  void clear() throws IOException {
    Files.deleteIfExists(file());
  }

  private Path file() {
    return output.resolve(FILE);
  }
}
