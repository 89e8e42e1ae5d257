package io.adapt4j.core.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What reading files came to.
 *
 * @param files how many files were read
 * @param rows rows that can be used
 * @param malformed rows that were left out
 * @param problems what is wrong with the first ten of them, with file and line
 * @param shape the shape of the rows; empty where a function read them, or each row tells its own
 * @param unusedFields fields of the first row that its shape does not know
 * @param quarantine the file that holds the malformed rows; empty where there are none, or they
 *     were not kept
 */
record ReadReport(
    int files,
    int rows,
    long malformed,
    List<String> problems,
    Optional<Shape> shape,
    List<String> unusedFields,
    Optional<Path> quarantine) {

  /**
   * Creates a report.
   *
   * @param files how many files were read
   * @param rows rows that can be used
   * @param malformed rows that were left out
   * @param problems what is wrong with the first ten of them, copied
   * @param shape the shape of the rows
   * @param unusedFields fields of the first row that its shape does not know, copied
   * @param quarantine the file that holds the malformed rows
   */
  ReadReport {
    problems = List.copyOf(problems);
    unusedFields = List.copyOf(unusedFields);
  }
}
