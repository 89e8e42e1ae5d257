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

/**
 * What the checkpoints {@code best} and {@code last} hold: their step and the checksums of their
 * files, in one file of the run's folder. A run that continues keeps these checkpoints until better
 * or later ones replace them, so they have to be what was saved.
 */
record CheckpointMarks(Path output) {

  private static final String FILE = "checkpoints.json";
  private static final String STEP = "step";
  private static final String FILES = "files";

  /** Notes that a checkpoint is being replaced. */
  void begin(String name, int step) throws IOException {
    write(name, JsonNodeFactory.instance.objectNode().put(STEP, step));
  }

  /** Notes what a checkpoint holds now. */
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

  /** What an intact file says; a damaged one was told of when the run went on. */
  private JsonNode stored() throws IOException {
    try {
      return CheckedJson.read(file()).json();
    } catch (NoSuchFileException | CheckedJson.DamagedException e) {
      return JsonNodeFactory.instance.objectNode();
    }
  }

  /** Looks for what is wrong with a checkpoint that a state goes with. */
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

  /** Takes a checkpoint of an older version, of which nothing was noted, for what it is. */
  void adopt(String name, int step) throws IOException {
    if (!stored().has(name) && Files.isDirectory(output.resolve(name))) {
      end(name, step);
    }
  }

  /** Whether somebody has deleted a checkpoint since it was saved, or none was ever saved. */
  boolean isGone(String name) {
    return !Files.exists(output.resolve(name));
  }

  /** Whether a checkpoint that was saved is gone. */
  boolean isDeleted(String name) throws IOException {
    return isGone(name) && stored().has(name);
  }

  /** Forgets both. */
  void clear() throws IOException {
    Files.deleteIfExists(file());
  }

  private Path file() {
    return output.resolve(FILE);
  }
}
