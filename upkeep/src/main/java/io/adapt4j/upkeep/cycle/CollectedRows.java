package io.adapt4j.upkeep.cycle;

import java.util.List;

/**
 * Rows that a cycle has collected.
 *
 * @param rows number of training rows written
 * @param signals reasons to train besides their number, in words, such as drift or a failed
 *     assertion; empty for none
 */
public record CollectedRows(long rows, List<String> signals) {

  /** Checks the number and copies the list. */
  public CollectedRows {
    if (rows < 0) {
      throw new IllegalArgumentException("rows: expected 0 or more, found " + rows);
    }
    signals = List.copyOf(signals);
  }

  /**
   * Creates a result without signals.
   *
   * @return the result
   */
  public static CollectedRows of(long rows) {
    return new CollectedRows(rows, List.of());
  }
}
