package io.adapt4j.upkeep.cycle;

import java.util.List;
import java.util.Optional;

/**
 * Result of a cycle.
 *
 * @param cycle its number, from 1
 * @param outcome how it ended
 * @param before reference of the version in production when it began, such as {@code support@3}
 * @param version reference of the version it made
 * @param lines the explanation, a sentence a line
 */
public record CycleReport(
    int cycle,
    Outcome outcome,
    Optional<String> before,
    Optional<String> version,
    List<String> lines) {

  /** Copies the list. */
  public CycleReport {
    lines = List.copyOf(lines);
  }

  /** End of a cycle. */
  public enum Outcome {
    /** There was no reason to train. */
    WAITED,
    /** The new version was not promoted. */
    KEPT,
    /** The new version is in production. */
    PROMOTED
  }

  /** {@return the explanation as text} */
  public String text() {
    return String.join("\n", lines) + "\n";
  }
}
