package io.adapt4j.upkeep.deletion;

import java.nio.file.Path;
import java.util.List;

/**
 * Entries of a file or folder that were removed since they held or used a deleted text.
 *
 * @param kind what they were: {@code passages}, {@code vectors}, {@code replies}, {@code answers}
 *     or {@code feedback}
 * @param place the file or folder
 * @param ids their SHA-256 hashes; ids for feedback
 */
public record RemovedEntries(String kind, Path place, List<String> ids) {

  /** Copies the list. */
  public RemovedEntries {
    ids = List.copyOf(ids);
  }
}
