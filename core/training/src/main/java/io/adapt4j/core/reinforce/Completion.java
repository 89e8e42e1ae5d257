package io.adapt4j.core.reinforce;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A completion sampled from a policy.
 *
 * @param prompt the prompt as text; for a conversation, as rendered by its template
 * @param text the completion without special tokens; may be empty
 * @param fields the row of the prompt: all its fields by name
 * @param truncated whether it was cut off at the limit on new tokens, before an end-of-sequence
 *     token
 * @param templated whether a chat template rendered the prompt, so that it already contains special
 *     tokens
 */
public record Completion(
    String prompt, String text, Map<String, Object> fields, boolean truncated, boolean templated) {

  /** Copies the fields. Throws {@link NullPointerException} if a text is null. */
  public Completion {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(text, "text");
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  /**
   * Creates a complete answer to a plain prompt without further fields.
   *
   * @param prompt the prompt
   * @param text the completion
   * @return the completion
   */
  public static Completion of(String prompt, String text) {
    return new Completion(prompt, text, Map.of(), false, false);
  }
}
