package io.adapt4j.upkeep.feedback;

/** Rule that makes training rows of feedback. */
public enum FeedbackRule {
  /** A correction is an answer to learn. */
  CORRECTION("a correction is an answer to learn"),
  /** An answer rated up is one to learn, unless it has a correction. */
  RATED_UP("an answer rated up, without a correction, is an answer to learn"),
  /** A correction is preferred to the answer that it corrects, unless that is rated up. */
  CORRECTION_OVER_ANSWER("a correction is preferred to its answer, unless that is rated up"),
  /** An answer is preferred to another, as somebody said. */
  PREFERENCE("an answer is preferred to another, as somebody said"),
  /** An answer rated up is preferred to one to the same request that is rated down. */
  UP_OVER_DOWN("an answer rated up is preferred to one to the same request rated down");

  private final String words;

  FeedbackRule(String words) {
    this.words = words;
  }

  /** {@return the rule as a sentence without a full stop} */
  public String words() {
    return words;
  }

  /** {@return whether it makes preference rows rather than answers to learn} */
  public boolean isPreference() {
    return this != CORRECTION && this != RATED_UP;
  }
}
