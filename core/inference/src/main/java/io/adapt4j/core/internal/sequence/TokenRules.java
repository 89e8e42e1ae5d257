package io.adapt4j.core.internal.sequence;

import java.util.Arrays;
import java.util.OptionalInt;

/** Logits processing for the next token, in the order of Transformers' logits processors. */
record TokenRules(SequenceSettings settings) {

  private static final float NEVER = Float.NEGATIVE_INFINITY;

  /** Processes scores in place. */
  void apply(float[] scores, int from, int vocabulary, int[] written) {
    int length = written.length;
    banRepeated(scores, from, written);
    settings.banned().forEach(token -> scores[from + token] = NEVER);
    if (length < settings.minLength()) {
      settings.eos().forEach(token -> scores[from + token] = NEVER);
    }
    if (length == 1) {
      force(scores, from, vocabulary, settings.forcedBos());
    }
    if (length == settings.maxLength() - 1) {
      force(scores, from, vocabulary, settings.forcedEos());
    }
  }

  private static void force(float[] scores, int from, int vocabulary, OptionalInt token) {
    if (token.isPresent()) {
      Arrays.fill(scores, from, from + vocabulary, NEVER);
      scores[from + token.getAsInt()] = 0;
    }
  }

  /** Bans tokens that would repeat an n-gram. */
  private void banRepeated(float[] scores, int from, int[] written) {
    int size = settings.ngram();
    int length = written.length;
    if (size == 0 || length + 1 < size) {
      return;
    }
    for (int at = 0; at + size <= length; at++) {
      boolean same = true;
      for (int i = 0; i < size - 1 && same; i++) {
        same = written[at + i] == written[length - size + 1 + i];
      }
      if (same) {
        scores[from + written[at + size - 1]] = NEVER;
      }
    }
  }
}
