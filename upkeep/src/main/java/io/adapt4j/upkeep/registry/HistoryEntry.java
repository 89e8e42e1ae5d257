package io.adapt4j.upkeep.registry;

import java.time.Instant;
import java.util.OptionalInt;

/**
 * A change of a model's aliases or versions.
 *
 * @param time when
 * @param action what
 * @param alias the alias; empty for a deletion
 * @param from number of the version before
 * @param to number of the version since; that of the deleted version for a deletion
 * @param examined whether the version had an exam
 * @param who who asked for it
 * @param reason why
 */
public record HistoryEntry(
    Instant time,
    Action action,
    String alias,
    OptionalInt from,
    OptionalInt to,
    boolean examined,
    String who,
    String reason) {

  /** Kind of change. */
  public enum Action {
    /** An alias was given to a version. */
    PROMOTE,
    /** An alias went back to the version before. */
    ROLLBACK,
    /** An alias was removed. */
    REMOVE,
    /** A version was deleted. */
    DELETE
  }
}
