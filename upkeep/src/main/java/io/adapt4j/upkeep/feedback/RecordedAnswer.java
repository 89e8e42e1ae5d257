package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.chat.ChatMessage;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * An answer of a model to a request.
 *
 * @param id its unique id, such as that of a chat completion
 * @param time when it was given
 * @param version version of the model, such as {@code support@3} or a digest
 * @param customer key of the customer or session; in a log its hash, unless the log keeps plain
 *     keys
 * @param consent whether the customer agreed to training on the content
 * @param request messages of the request; empty if the content is not stored
 * @param text text of the answer; empty if the content is not stored
 */
public record RecordedAnswer(
    String id,
    Instant time,
    String version,
    Optional<String> customer,
    boolean consent,
    List<ChatMessage> request,
    String text) {

  /** Creates an answer. Throws {@link IllegalArgumentException} if the id or version is blank. */
  public RecordedAnswer {
    Entries.requireName("id", id);
    Entries.requireName("version", version);
    customer.ifPresent(key -> Entries.requireName("customer", key));
    Objects.requireNonNull(time, "time");
    Objects.requireNonNull(text, "text");
    request = List.copyOf(request);
  }

  /**
   * Creates an answer given now, without a customer and without consent.
   *
   * @param id its unique id
   * @param version version of the model
   * @param request messages of the request
   * @param text text of the answer
   * @return the answer
   */
  public static RecordedAnswer of(
      String id, String version, List<ChatMessage> request, String text) {
    return new RecordedAnswer(id, Instant.now(), version, Optional.empty(), false, request, text);
  }

  /**
   * Returns a copy with a customer.
   *
   * @param key key of the customer or session
   * @return the copy
   */
  public RecordedAnswer withCustomer(String key) {
    return new RecordedAnswer(id, time, version, Optional.of(key), consent, request, text);
  }

  /**
   * Returns a copy with or without consent to training.
   *
   * @param given whether the customer agreed
   * @return the copy
   */
  public RecordedAnswer withConsent(boolean given) {
    return new RecordedAnswer(id, time, version, customer, given, request, text);
  }

  /**
   * Returns a copy with another time.
   *
   * @param at when the answer was given
   * @return the copy
   */
  public RecordedAnswer withTime(Instant at) {
    return new RecordedAnswer(id, at, version, customer, consent, request, text);
  }

  /** {@return whether request and answer are stored} */
  public boolean hasContent() {
    return !request.isEmpty() && !text.isBlank();
  }
}
