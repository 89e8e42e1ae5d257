package io.adapt4j.upkeep.feedback;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * Feedback on an answer.
 *
 * <pre>{@code
 * log.add(Feedback.on(id).rated(Rating.DOWN).corrected("Within 30 days.").withConsent(true));
 * }</pre>
 *
 * @param id its unique id
 * @param answer id of the answer
 * @param time when it was given
 * @param customer key of who gave it; in a log its hash, unless the log keeps plain keys
 * @param consent whether its author agreed to training on it
 * @param judgment rating, correction, preference and flag
 */
public record Feedback(
    String id,
    String answer,
    Instant time,
    Optional<String> customer,
    boolean consent,
    Judgment judgment) {

  /** Creates feedback. Throws {@link IllegalArgumentException} if an id is blank. */
  public Feedback {
    Entries.requireName("id", id);
    Entries.requireName("answer", answer);
    customer.ifPresent(key -> Entries.requireName("customer", key));
    Objects.requireNonNull(time, "time");
    if (judgment.preferredOver().filter(answer::equals).isPresent()) {
      throw new IllegalArgumentException(
          "preferredOver: expected another answer than the one it is about, found " + answer);
    }
  }

  /**
   * Starts feedback given now, without a customer and without consent. Add at least one judgment.
   *
   * @param answer id of the answer
   * @return the feedback
   */
  public static Feedback on(String answer) {
    return new Feedback(
        "feedback-" + UUID.randomUUID(),
        answer,
        Instant.now(),
        Optional.empty(),
        false,
        Judgment.none());
  }

  /**
   * Returns a copy with a rating.
   *
   * @param rating the rating
   * @return the copy
   */
  public Feedback rated(Rating rating) {
    return with(
        new Judgment(
            Optional.of(rating), judgment.correction(), judgment.preferredOver(), judgment.flag()));
  }

  /**
   * Returns a copy with a correction.
   *
   * @param text a better text
   * @return the copy
   */
  public Feedback corrected(String text) {
    return with(
        new Judgment(
            judgment.rating(), Optional.of(text), judgment.preferredOver(), judgment.flag()));
  }

  /**
   * Returns a copy with a preference.
   *
   * @param other id of a worse answer to the same request
   * @return the copy
   */
  public Feedback preferredOver(String other) {
    return with(
        new Judgment(
            judgment.rating(), judgment.correction(), Optional.of(other), judgment.flag()));
  }

  /**
   * Returns a copy with a flag.
   *
   * @param why why somebody should look at the answer
   * @return the copy
   */
  public Feedback flagged(String why) {
    return with(
        new Judgment(
            judgment.rating(), judgment.correction(), judgment.preferredOver(), Optional.of(why)));
  }

  private Feedback with(Judgment changed) {
    return new Feedback(id, answer, time, customer, consent, changed);
  }

  /**
   * Returns a copy with a customer.
   *
   * @param key key of who gives the feedback
   * @return the copy
   */
  public Feedback withCustomer(String key) {
    return new Feedback(id, answer, time, Optional.of(key), consent, judgment);
  }

  /**
   * Returns a copy with or without consent to training.
   *
   * @param given whether its author agreed
   * @return the copy
   */
  public Feedback withConsent(boolean given) {
    return new Feedback(id, answer, time, customer, given, judgment);
  }

  /**
   * Returns a copy with another time.
   *
   * @param at when it was given
   * @return the copy
   */
  public Feedback withTime(Instant at) {
    return new Feedback(id, answer, at, customer, consent, judgment);
  }
}
