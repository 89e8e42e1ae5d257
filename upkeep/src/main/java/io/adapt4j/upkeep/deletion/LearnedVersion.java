package io.adapt4j.upkeep.deletion;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.provenance.Provenance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A model or checkpoint that learned from a data file, by its provenance record.
 *
 * @param folder its folder
 * @param inherited whether it did not read the file, but continues from a version that did
 */
public record LearnedVersion(Path folder, boolean inherited) {

  /** Depth of folders to look for records in. */
  private static final int DEPTH = 8;

  /**
   * Finds the versions below a folder that learned from data files.
   *
   * @param root folder of runs
   * @param sha256 hashes of the data files
   * @return the versions, those that read a file first
   */
  static List<LearnedVersion> find(Path root, Set<String> sha256) {
    List<Provenance> records = records(root);
    Set<Path> learned = new LinkedHashSet<>();
    List<LearnedVersion> versions = new ArrayList<>();
    for (Provenance record : records) {
      if (reads(record.json().at("/data/files"), sha256)) {
        learned.add(folder(record));
        versions.add(new LearnedVersion(folder(record), false));
      }
    }
    boolean more = true;
    while (more) {
      more = false;
      for (Provenance record : records) {
        JsonNode parent = record.json().at("/parent/path");
        if (parent.isTextual()
            && learned.contains(Path.of(parent.asText()).getParent())
            && learned.add(folder(record))) {
          versions.add(new LearnedVersion(folder(record), true));
          more = true;
        }
      }
    }
    return versions;
  }

  private static boolean reads(JsonNode files, Set<String> sha256) {
    for (JsonNode file : files) {
      if (sha256.contains(file.path("sha256").asText())) {
        return true;
      }
    }
    return false;
  }

  private static Path folder(Provenance record) {
    return Objects.requireNonNull(record.file().toAbsolutePath().normalize().getParent());
  }

  private static List<Provenance> records(Path root) {
    try (Stream<Path> files = Files.walk(root, DEPTH)) {
      return files
          .filter(file -> file.endsWith(Provenance.FILE))
          .sorted()
          .map(Provenance::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("Looking for runs in " + root + " failed", e);
    }
  }
}
