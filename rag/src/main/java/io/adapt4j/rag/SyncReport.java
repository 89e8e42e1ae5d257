package io.adapt4j.rag;

import java.util.List;

/**
 * What a synchronization did.
 *
 * @param added what was new or changed, and which files could not be read
 * @param unchanged documents that were left as they are
 * @param deleted ids that the source no longer has
 */
public record SyncReport(IngestReport added, int unchanged, List<String> deleted) {

  /**
   * Makes a report with its own copy of the ids.
   *
   * @param added what was new or changed, and which files could not be read
   * @param unchanged documents that were left as they are
   * @param deleted ids that the source no longer has
   */
  public SyncReport {
    deleted = List.copyOf(deleted);
  }
}
