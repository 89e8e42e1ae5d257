package io.adapt4j.rag.document;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Outcome of reading a source's files.
 *
 * @param read number of files that gave a document
 * @param failed files that should have given one but are damaged, encrypted, too large or too slow,
 *     and pages that could not be read from their pictures
 * @param skipped files without content to read: empty, links, not documents
 */
public record ReadingReport(long read, List<FileProblem> failed, List<FileProblem> skipped) {

  /** Creates a report. */
  public ReadingReport {
    failed = List.copyOf(failed);
    skipped = List.copyOf(skipped);
  }

  /** {@return the report as human-readable text} */
  public String text() {
    String counts = read + " read, " + failed.size() + " failed, " + skipped.size() + " skipped\n";
    return Stream.concat(
            failed.stream().map(problem -> "failed: " + problem + "\n"),
            skipped.stream().map(problem -> "skipped: " + problem + "\n"))
        .collect(Collectors.joining("", counts, ""));
  }
}
