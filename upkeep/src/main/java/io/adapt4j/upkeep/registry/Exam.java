package io.adapt4j.upkeep.registry;

import java.nio.file.Path;

/**
 * A stored evaluation report of a version, as {@code ReportWriter} of adapt4j-eval writes it.
 *
 * @param digest SHA-256 of the file
 * @param file the report as JSON
 */
public record Exam(String digest, Path file) {}
