package io.adapt4j.rag.document;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What became of the files of a source.
 *
 * @param read how many gave a document
 * @param failed those that should have given one: damaged, encrypted, too large, too slow
 * @param skipped those that have nothing to give: empty, links, no documents
 */
public record ReadingReport(long read, List<FileProblem> failed, List<FileProblem> skipped) {

  /**
   * Makes a report.
   *
   * @param read how many gave a document
   * @param failed those that should have given one: damaged, encrypted, too large, too slow
   * @param skipped those that have nothing to give: empty, links, no documents
   */
  public ReadingReport {
    failed = List.copyOf(failed);
    skipped = List.copyOf(skipped);
  }

  /** {@return the report for people to read} */
  public String text() {
    String counts = read + " read, " + failed.size() + " failed, " + skipped.size() + " skipped\n";
    return Stream.concat(
            failed.stream().map(problem -> "failed: " + problem + "\n"),
            skipped.stream().map(problem -> "skipped: " + problem + "\n"))
        .collect(Collectors.joining("", counts, ""));
  }
}
