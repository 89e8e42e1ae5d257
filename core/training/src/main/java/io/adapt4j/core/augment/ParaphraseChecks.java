package io.adapt4j.core.augment;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.internal.UnpairedSurrogates;
import java.util.Optional;

/** Checks of a single paraphrase against its original. */
record ParaphraseChecks(Paraphraser options) {

  /** Maximum length of a paraphrase, as a multiple of the original's, plus {@link #SLACK}. */
  private static final int GROWTH = 3;

  private static final int SLACK = 100;

  /** Returns the reason to reject a paraphrase; empty if it is accepted. */
  Optional<Rejection> rejection(String original, String paraphrase, FinishReason reason) {
    if (reason == FinishReason.CONTENT_FILTER) {
      return Optional.of(Rejection.FILTERED);
    }
    if (reason.isCut()) {
      return Optional.of(Rejection.CUT_OFF);
    }
    if (paraphrase.isBlank() || UnpairedSurrogates.indexIn(paraphrase) >= 0) {
      return Optional.of(Rejection.EMPTY);
    }
    if (paraphrase.length() > GROWTH * original.length() + SLACK) {
      return Optional.of(Rejection.TOO_LONG);
    }
    for (Detail detail : options.details) {
      if (!detail.isKept(original, paraphrase)) {
        return Optional.of(detail.rejection());
      }
    }
    boolean good = options.ownCheck.map(check -> check.test(original, paraphrase)).orElse(true);
    return good ? Optional.empty() : Optional.of(Rejection.OWN_CHECK);
  }
}
