package io.adapt4j.structured.internal.automaton;

/** Kinds of characters of which tokens begin with a run. */
enum RunKind {
  /** Characters that need no escape in a JSON string, as UTF-8. */
  PLAIN(PlainText.states()) {
    @Override
    int after(int state, int value) {
      return PlainText.after(state, value);
    }
  },

  /** Letters and digits of ASCII. */
  ALPHANUMERIC(1) {
    @Override
    int after(int state, int value) {
      boolean isIn =
          (value >= 'a' && value <= 'z')
              || (value >= 'A' && value <= 'Z')
              || (value >= '0' && value <= '9');
      return isIn && state == PlainText.BETWEEN ? state : PlainText.OTHER;
    }
  };

  /** Characters of every kind. */
  static final int[] SAMPLES = {'q', 'Z', '0'};

  private final int states;

  RunKind(int states) {
    this.states = states;
  }

  /** Returns the number of states of a reader of such characters. */
  int states() {
    return states;
  }

  /** Returns the state after another byte, with the states of {@link PlainText}. */
  abstract int after(int state, int value);

  /** Returns whether a range of bytes has a first byte of a character. */
  boolean begins(int first, int last) {
    for (int value = first; value <= last; value++) {
      if (after(PlainText.BETWEEN, value) != PlainText.OTHER) {
        return true;
      }
    }
    return false;
  }
}
