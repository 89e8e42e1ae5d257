package io.adapt4j.upkeep.registry;

/**
 * Author and reason of a change of an alias or a deletion, kept in the history.
 *
 * @param who a person or program
 * @param reason free text
 * @param withoutExam whether a version without an exam may become {@code production}
 */
public record Change(String who, String reason, boolean withoutExam) {

  private static final int LONGEST = 2_000;

  /** Checks the lengths. */
  public Change {
    if (who.isBlank() || who.length() + reason.length() > LONGEST) {
      throw new RegistryException(
          "who and reason: expected a name, and at most %d characters, found '%s' and %d. Give both"
                  .formatted(LONGEST, Names.shown(who), reason.length())
              + " shorter.");
    }
  }

  /**
   * Creates a change.
   *
   * @return a change that requires an exam
   */
  public static Change by(String who, String reason) {
    return new Change(who, reason, false);
  }

  /**
   * Allows a version without an exam to become {@code production}; the history says so.
   *
   * @return a changed copy
   */
  public Change allowingNoExam() {
    return new Change(who, reason, true);
  }
}
