package io.adapt4j.core.text;

import io.adapt4j.core.generate.FinishReason;
import java.util.Objects;
import java.util.Optional;

/**
 * What a {@link TextGenerator} answered.
 *
 * @param text the answer; may be empty
 * @param finishReason why it ends where it does
 * @param usage the tokens it took, if the generator counts them
 * @param cached whether it was kept from an earlier request and cost nothing now
 */
public record GeneratedText(
    String text, FinishReason finishReason, Optional<TokenUsage> usage, boolean cached) {

  /**
   * Creates an answer.
   *
   * @param text the answer; may be empty
   * @param finishReason why it ends where it does
   * @param usage the tokens it took, if the generator counts them
   * @param cached whether it was kept from an earlier request
   */
  public GeneratedText {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(finishReason, "finishReason");
    Objects.requireNonNull(usage, "usage");
  }

  /**
   * Creates a complete answer of which nothing else is known.
   *
   * @param text the answer; may be empty
   * @return the answer
   */
  public static GeneratedText of(String text) {
    return new GeneratedText(text, FinishReason.STOP, Optional.empty(), false);
  }

  GeneratedText fromCache() {
    return new GeneratedText(text, finishReason, usage, true);
  }
}
