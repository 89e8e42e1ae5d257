package io.adapt4j.core.internal.generate;

/**
 * Number of tokens to draft next. A right draft lengthens it, a wrong one shortens it; after two
 * wrong ones drafting pauses, each time for longer, so that a text that cannot be guessed costs
 * little.
 */
final class DraftLength {

  /** Longest pause: 2 to this power tokens. */
  private static final int LONGEST_PAUSE = 6;

  private final int most;
  private int next;
  private int missed;
  private int pause;

  /** Starts a text; drafts have at most some tokens, 0 for none. */
  DraftLength(int most) {
    this.most = most;
    this.next = most;
  }

  /** Returns the number of tokens to draft after the newest token; 0 in a pause. */
  int next() {
    if (pause > 0) {
      pause--;
      return 0;
    }
    return next;
  }

  /** Records the number of accepted tokens of the last draft. */
  void accepted(int right) {
    next = Math.min(most, 2 * right + 1);
    missed = right > 0 ? missed / 2 : Math.min(missed + 1, LONGEST_PAUSE);
    if (right == 0 && missed > 1) {
      pause = 1 << missed;
    }
  }
}
