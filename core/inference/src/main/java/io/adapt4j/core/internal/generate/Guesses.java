package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Guesses of the next tokens of one text: from the text itself or, where that has none, from a
 * draft.
 */
final class Guesses {

  private static final int[] NONE = {};

  private final PromptLookup lookup;
  private final @Nullable Drafter draft;
  private final DraftLength draftLength;
  private boolean isDrafted;

  /**
   * Creates the guesses of a text.
   *
   * @param lookupTokens maximum number of tokens to guess at once from the text; 0 for none
   */
  Guesses(int lookupTokens, DraftCost ofLookup, @Nullable Drafter draft, DraftCost ofDraft) {
    this.lookup = new PromptLookup(lookupTokens, ofLookup);
    this.draft = draft;
    this.draftLength = new DraftLength(draft == null ? 0 : draft.mostTokens(), ofDraft);
  }

  /**
   * Guesses tokens.
   *
   * @param isAlone whether a draft may guess
   * @param sampler the sampler that will choose them; null for the likeliest tokens
   */
  int[] guess(int[] text, int length, int most, boolean isAlone, @Nullable Sampler sampler) {
    int[] found = lookup.guess(text, length, most);
    isDrafted = isAlone && found.length == 0 && draft != null;
    if (!isDrafted || draft == null) {
      return found;
    }
    int drafted = Math.min(draftLength.next(), most);
    return drafted <= 0 ? NONE : draft.guess(text, length, drafted, sampler);
  }

  /** Records the number of accepted tokens of the last guess. */
  void accepted(int guessed, int right) {
    if (isDrafted) {
      draftLength.accepted(guessed, right);
    } else {
      lookup.accepted(guessed, right);
    }
  }

  /** Records the time of a pass with the last guess, or with none. */
  void took(int guessed, long nanos) {
    if (guessed == 0 || !isDrafted) {
      lookup.took(guessed, nanos);
    }
    if (guessed == 0 || isDrafted) {
      draftLength.took(guessed, nanos);
    }
  }

  /** Returns whether guesses need the hidden states of the tokens before. */
  boolean readsStates() {
    return draft != null && draft.readsStates();
  }

  /** Receives the hidden states of tokens, and those before them. */
  void read(int[] text, int from, int[] ids, Tensor states) {
    if (draft != null) {
      draft.read(text, from, ids, states);
    }
  }
}
