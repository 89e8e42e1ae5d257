package io.adapt4j.core.data;

/** What became of an example: a sample, or a reason to leave it out. */
public sealed interface EncodedExample permits EncodedExample.Kept, EncodedExample.Dropped {

  /**
   * An example to train on.
   *
   * @param sample its tokens and labels
   * @param truncated whether it was cut to the limit
   */
  record Kept(TrainingSample sample, boolean truncated) implements EncodedExample {}

  /**
   * An example to leave out.
   *
   * @param reason why
   * @param tokens how many tokens it has before cutting
   */
  record Dropped(Reason reason, int tokens) implements EncodedExample {}

  /** Why an example is left out. */
  enum Reason {
    /** It has more tokens than the limit. */
    TOO_LONG,
    /** Within the limit it has no token to learn, apart from an end-of-sequence token. */
    NOTHING_TO_LEARN
  }
}
