package io.adapt4j.rag;

import io.adapt4j.rag.document.ReadingReport;
import java.time.Duration;
import java.util.List;

/**
 * What was changed in an index.
 *
 * @param documents documents added, or put instead of others with their ids
 * @param chunks their chunks
 * @param duration from the first read to the last write
 * @param reading what became of the files, those that gave no document included
 * @param unchanged documents that a synchronization left as they are; 0 otherwise
 * @param deleted ids that the source of a synchronization no longer has; none otherwise
 * @param missing ids that the source of an update no longer has and that the index keeps; none
 *     otherwise
 */
public record IngestReport(
    int documents,
    int chunks,
    Duration duration,
    ReadingReport reading,
    int unchanged,
    List<String> deleted,
    List<String> missing) {

  /**
   * Makes a report with its own copy of the ids.
   *
   * @param documents documents added
   * @param chunks their chunks
   * @param duration from the first read to the last write
   * @param reading what became of the files
   * @param unchanged documents that were left as they are
   * @param deleted ids that the source no longer has
   * @param missing ids that the source no longer has and that the index keeps
   */
  public IngestReport {
    deleted = List.copyOf(deleted);
    missing = List.copyOf(missing);
  }

  IngestReport synchronizedWith(int left, List<String> vanished) {
    return new IngestReport(documents, chunks, duration, reading, left, vanished, List.of());
  }

  IngestReport updatedWith(int left, List<String> vanished) {
    return new IngestReport(documents, chunks, duration, reading, left, List.of(), vanished);
  }
}
