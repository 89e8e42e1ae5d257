package io.adapt4j.upkeep.feedback;

import java.util.Optional;

/**
 * Content of feedback on an answer.
 *
 * @param rating the rating
 * @param correction a better text
 * @param preferredOver id of another answer to the same request that is worse
 * @param flag why somebody should look at the answer; nothing is learned from a flagged answer
 */
public record Judgment(
    Optional<Rating> rating,
    Optional<String> correction,
    Optional<String> preferredOver,
    Optional<String> flag) {

  /** Creates a judgment. Throws {@link IllegalArgumentException} if a text is blank. */
  public Judgment {
    correction.ifPresent(text -> Entries.requireText("correction", text));
    preferredOver.ifPresent(id -> Entries.requireName("preferredOver", id));
    flag.ifPresent(text -> Entries.requireText("flag", text));
  }

  /** {@return whether it says nothing} */
  public boolean isEmpty() {
    return rating.isEmpty() && correction.isEmpty() && preferredOver.isEmpty() && flag.isEmpty();
  }

  static Judgment none() {
    return new Judgment(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }
}
