package io.adapt4j.upkeep.deletion;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.internal.train.Trainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The checkpoints and states of a run. */
record RunFiles(Path run) {

  private static final Pattern STEP = Pattern.compile("(?:checkpoint|step)-(\\d+)");

  /** Returns the hashes of the model files of the run's checkpoints, by path. */
  Map<String, String> hashes() {
    Map<String, String> hashes = new TreeMap<>();
    for (String name : List.of(Trainer.BEST, Trainer.LAST)) {
      Path folder = run.resolve(name);
      if (exists(folder)) {
        FileHash.modelFiles(folder).forEach(file -> hashes.put(file.toString(), FileHash.of(file)));
      }
    }
    return hashes;
  }

  /** Returns what the run saved at a step or later. */
  List<Path> since(int step) {
    List<Path> since = new ArrayList<>();
    for (String name : List.of(Trainer.BEST, Trainer.LAST)) {
      if (exists(run.resolve(name)) && savedAt(name) >= step) {
        since.add(run.resolve(name));
      }
    }
    for (Path folder : List.of(run, run.resolve(Trainer.STATES))) {
      for (Path child : children(folder)) {
        Matcher name = STEP.matcher(child.getFileName().toString());
        if (name.matches() && Long.parseLong(name.group(1)) >= step) {
          since.add(child);
        }
      }
    }
    Path samples = run.resolve("samples.jsonl");
    if (exists(samples)) {
      since.add(samples);
    }
    return since;
  }

  /** Returns the step of a checkpoint; the largest number if it is unknown. */
  private int savedAt(String name) {
    try {
      JsonNode marks = CheckedJson.read(run.resolve("checkpoints.json")).json();
      return marks.path(name).path("step").asInt(Integer.MAX_VALUE);
    } catch (IOException e) {
      return Integer.MAX_VALUE;
    }
  }

  /** Deletes a file or a folder where it is, so that what cannot be deleted is found again. */
  static void delete(Path path) {
    try {
      Temporaries.deleteTree(path);
      Disk.forceFolder(path.toAbsolutePath().getParent());
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Erasing " + path + " failed: " + WriteFailure.explain(path, e) + ".", e);
    }
  }

  private static boolean exists(Path path) {
    try {
      return Disk.exists(path);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static UncheckedIOException unreadable(Path path, IOException e) {
    return new UncheckedIOException(
        "Looking at " + path + " failed: " + e + ". Check the disk and the permissions.", e);
  }

  private static List<Path> children(Path folder) {
    if (!exists(folder)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(folder)) {
      return children.sorted().toList();
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
  }
}
