package io.adapt4j.core.internal.generate;

/**
 * Number of tokens to draft next. A right draft lengthens it, a wrong one shortens it; after two
 * wrong ones drafting pauses, each time for longer. It pauses, too, while drafts have cost more
 * than a small share of the time of a text, by the measured cost of checking them.
 */
final class DraftLength {

  /** Longest pause: 2 to this power tokens. */
  private static final int LONGEST_PAUSE = 6;

  /** Share of the passes of a text that drafts may cost. */
  private static final double MOST_LOST = 0.02;

  /** Maximum of saved passes that later drafts may cost. */
  private static final double MOST_SAVED = 8;

  private final int most;
  private final DraftCost cost;
  private int next;
  private int missed;
  private int pause;

  /** Passes so far, and those that drafts have cost; negative if they have saved some. */
  private int passes;

  private double lost;

  /** Starts a text; drafts have at most some tokens, 0 for none. */
  DraftLength(int most, DraftCost cost) {
    this.most = most;
    this.cost = cost;
    this.next = cost.first(most);
  }

  /** Returns the number of tokens to draft after the newest token; 0 in a pause. */
  int next() {
    passes++;
    if (pause > 0) {
      pause--;
      return 0;
    }
    return lost > MOST_LOST * passes ? 0 : next;
  }

  /** Records the time of a pass with a draft, or with none. */
  void took(int drafted, long nanos) {
    cost.took(drafted, nanos);
  }

  /** Records the number of accepted tokens of the last draft. */
  void accepted(int drafted, int right) {
    double paid = cost.of(drafted);
    if (paid > 0) {
      // Where all is right, a longer draft may pay.
      double saved = right < drafted ? right - paid : Math.max(0, right - paid);
      lost = Math.max(-MOST_SAVED, lost - saved);
      cost.saved(saved);
    }
    next = Math.min(most, 2 * right + 1);
    missed = right > 0 ? missed / 2 : Math.min(missed + 1, LONGEST_PAUSE);
    if (right == 0 && missed > 1) {
      pause = 1 << missed;
    }
  }
}
