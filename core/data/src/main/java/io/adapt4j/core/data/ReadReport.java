package io.adapt4j.core.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Result of opening files. */
record ReadReport(
    int files,
    int rows,
    long malformed,
    List<String> problems,
    Optional<Shape> shape,
    List<String> unusedFields,
    Optional<Path> quarantine) {

  ReadReport {
    problems = List.copyOf(problems);
    unusedFields = List.copyOf(unusedFields);
  }
}
