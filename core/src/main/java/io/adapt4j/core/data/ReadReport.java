package io.adapt4j.core.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Result of opening files.
 *
 * @param files number of files read
 * @param rows number of usable rows
 * @param malformed number of skipped rows
 * @param problems problems of the first ten malformed rows, with file and line
 * @param shape the shape of the rows; empty if they are read by a function or have mixed shapes
 * @param unusedFields fields of the first row that its shape does not use
 * @param quarantine the file of malformed rows; empty if there are none, or they were not written
 */
record ReadReport(
    int files,
    int rows,
    long malformed,
    List<String> problems,
    Optional<Shape> shape,
    List<String> unusedFields,
    Optional<Path> quarantine) {

  /** Creates a report. */
  ReadReport {
    problems = List.copyOf(problems);
    unusedFields = List.copyOf(unusedFields);
  }
}
