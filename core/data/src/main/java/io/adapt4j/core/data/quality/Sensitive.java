package io.adapt4j.core.data.quality;

import io.adapt4j.core.internal.data.sensitive.SensitiveSpan;
import java.util.Set;

/**
 * Kinds of sensitive text that do not belong in training data, detected by pattern. There are false
 * positives and misses: names and addresses have no pattern.
 */
public enum Sensitive {
  /**
   * A key or token of a service by its published prefix (AWS, GitHub, GitLab, Google, Hugging Face,
   * OpenAI and Anthropic, Slack, Stripe), a JSON web token, a private key in PEM, or a user name
   * and password in a URL.
   */
  SECRET("a secret", "PRIVATE_KEY", "API_KEY", "JWT", "URL_CREDENTIALS"),
  /** An e-mail address. */
  EMAIL("an e-mail address", "EMAIL"),
  /** A payment card number: 13 to 19 digits with a known issuer and a valid check digit (Luhn). */
  CARD("a card number", "CARD"),
  /** A phone number with a country code, or in the North American format. */
  PHONE("a phone number", "PHONE");

  private final String title;

  @SuppressWarnings("ImmutableEnumChecker") // never changed
  private final Set<String> kinds;

  Sensitive(String title, String... kinds) {
    this.title = title;
    this.kinds = Set.of(kinds);
  }

  String title() {
    return title;
  }

  /** Returns the position of the first match; -1 if there is none. */
  int indexIn(String text) {
    return SensitiveSpan.find(text, kinds).stream().mapToInt(SensitiveSpan::start).min().orElse(-1);
  }

  /** Returns the text with matches replaced by placeholders such as {@code [EMAIL]}. */
  String redact(String text) {
    return SensitiveSpan.masked(
        text, SensitiveSpan.joined(SensitiveSpan.find(text, kinds)), kind -> name());
  }
}
