package io.adapt4j.benchmarks.suite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder of runs, a JSON file each.
 *
 * @param folder made when a run is stored
 */
record StoredRuns(Path folder) {

  /** The run that is kept with the sources. */
  static final String REFERENCE = "reference";

  private static final String JSON = ".json";

  /** Stores a run under a name and returns its file. */
  Path store(Run run, String name) throws IOException {
    Path file = folder.resolve(name + JSON);
    replace(file, RunJson.write(run).toPrettyString() + "\n");
    return file;
  }

  /** All runs, the oldest first. */
  List<Run> all() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Run> runs = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(one -> one.toString().endsWith(JSON)).sorted().toList()) {
        runs.add(RunJson.read(file));
      }
    }
    runs.sort(Comparator.comparing(Run::date));
    return runs;
  }

  /** Writes a file so that a reader sees the old text or the new one. */
  static void replace(Path file, String text) throws IOException {
    Path whole = file.toAbsolutePath();
    Files.createDirectories(whole.getParent());
    // Not a temporary file of the JDK, which nobody else could read.
    Path part = whole.resolveSibling("." + whole.getFileName() + ".part");
    try {
      Files.writeString(part, text);
      Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
