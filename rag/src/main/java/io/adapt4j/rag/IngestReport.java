package io.adapt4j.rag;

import io.adapt4j.rag.document.ReadingReport;
import java.time.Duration;
import java.util.List;

/**
 * Summary of changes to an index.
 *
 * @param documents documents added, or replacing others with the same id
 * @param chunks number of their chunks
 * @param duration from the first read to the last write
 * @param reading outcome of reading the files, including those that gave no document
 * @param unchanged documents that a synchronization left unchanged; 0 otherwise
 * @param deleted ids that a synchronization deleted since the source no longer has them; none
 *     otherwise
 * @param missing ids that an update kept although the source no longer has them; none otherwise
 */
public record IngestReport(
    int documents,
    int chunks,
    Duration duration,
    ReadingReport reading,
    int unchanged,
    List<String> deleted,
    List<String> missing) {

  /** Creates a report with its own copy of the ids. */
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
