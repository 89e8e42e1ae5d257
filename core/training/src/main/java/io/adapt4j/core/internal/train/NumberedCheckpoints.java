package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The newest checkpoints of a run, in folders {@code checkpoint-STEP}. */
record NumberedCheckpoints(Path output, int kept) {

  private static final Pattern NAME = Pattern.compile("checkpoint-(\\d+)");

  Path folder(int step) {
    return output.resolve("checkpoint-" + step);
  }

  /** Saves a checkpoint and deletes the oldest beyond the limit. */
  void save(int step, Adaptation adaptation) throws IOException {
    Path target = folder(step);
    Path hidden = AtomicFolders.hidden(target);
    try {
      adaptation.save(hidden);
      AtomicFolders.publish(hidden, target);
    } finally {
      AtomicFolders.discard(hidden);
    }
    deleteAfter(kept);
  }

  /** Returns the names, newest first; empty if the folder cannot be read. */
  List<String> names() {
    try {
      return all().stream().map(folder -> folder.getFileName().toString()).toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  void clear() {
    try {
      deleteAfter(0);
    } catch (IOException e) {
      throw new TrainingException("Deleting the old checkpoints in " + output + " failed: " + e);
    }
  }

  private void deleteAfter(int newest) throws IOException {
    List<Path> all = all();
    for (Path old : all.subList(Math.min(newest, all.size()), all.size())) {
      AtomicFolders.delete(old);
    }
  }

  /** Returns all folders, newest first. */
  private List<Path> all() throws IOException {
    if (!Files.isDirectory(output)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(output)) {
      return children
          .filter(child -> step(child) >= 0)
          .sorted(Comparator.comparingLong(NumberedCheckpoints::step).reversed())
          .toList();
    }
  }

  private static long step(Path folder) {
    Matcher name = NAME.matcher(folder.getFileName().toString());
    return name.matches() ? Long.parseLong(name.group(1)) : -1;
  }
}
