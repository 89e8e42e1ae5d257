package io.adapt4j.core.text;

import io.adapt4j.core.generate.FinishReason;
import java.util.Objects;
import java.util.Optional;

/**
 * The answer of a {@link TextGenerator}.
 *
 * @param text the answer; may be empty
 * @param finishReason the reason why it ends
 * @param usage the token usage, if the generator counts it
 * @param cached whether it came from a cache and cost nothing
 */
public record GeneratedText(
    String text, FinishReason finishReason, Optional<TokenUsage> usage, boolean cached) {

  /** Creates an answer. */
  public GeneratedText {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(finishReason, "finishReason");
    Objects.requireNonNull(usage, "usage");
  }

  /**
   * Creates a complete answer without further information.
   *
   * @return the answer
   */
  public static GeneratedText of(String text) {
    return new GeneratedText(text, FinishReason.STOP, Optional.empty(), false);
  }

  GeneratedText fromCache() {
    return new GeneratedText(text, finishReason, usage, true);
  }
}
