package io.adapt4j.core.score;

import io.adapt4j.core.internal.Texts;

/**
 * A context and a continuation to be scored.
 *
 * @param context the text before it; may be empty
 * @param continuation the text to score, with its leading space if it has one; not empty
 */
public record ScoringRequest(String context, String continuation) {

  /**
   * Checks the continuation. Throws {@link IllegalArgumentException} if the continuation is empty.
   */
  public ScoringRequest {
    Texts.require("context", context);
    Texts.require("continuation", continuation);
    if (continuation.isEmpty()) {
      throw new IllegalArgumentException("continuation must not be empty; give the text to score");
    }
  }
}
