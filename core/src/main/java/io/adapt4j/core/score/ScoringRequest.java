package io.adapt4j.core.score;

import io.adapt4j.core.internal.Texts;

/**
 * A text and a continuation to be scored after it.
 *
 * @param context what comes before; may be empty
 * @param continuation what is scored, with its leading space if it has one; not empty
 */
public record ScoringRequest(String context, String continuation) {

  /**
   * Makes a request.
   *
   * @param context what comes before; may be empty
   * @param continuation what is scored; not empty
   * @throws IllegalArgumentException if the continuation is empty
   */
  public ScoringRequest {
    Texts.require("context", context);
    Texts.require("continuation", continuation);
    if (continuation.isEmpty()) {
      throw new IllegalArgumentException("continuation must not be empty; give the text to score");
    }
  }
}
