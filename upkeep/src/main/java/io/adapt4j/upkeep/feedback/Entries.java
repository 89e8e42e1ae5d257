package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.internal.TextTrace;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Checks of what is stored. */
final class Entries {

  private static final int MOST_NAME = 256;

  /** Maximum length of a text, such as a message of a request. */
  private static final int MOST_TEXT = 1 << 20;

  private Entries() {}

  static void requireName(String field, String value) {
    if (value == null || value.isBlank() || value.length() > MOST_NAME) {
      throw new IllegalArgumentException(
          "%s: expected 1 to %d characters, not all blank, found %s. Shorten it, or use a digest."
              .formatted(
                  field, MOST_NAME, value == null ? "null" : value.length() + " characters"));
    }
  }

  static void requireText(String field, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(field + ": expected a text, found a blank one");
    }
    requireLength(field, value.length());
  }

  static void requireLength(String field, int characters) {
    if (characters > MOST_TEXT) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: expected at most %,d characters, found %,d. Shorten it.",
              field,
              MOST_TEXT,
              characters));
    }
  }

  /** Returns the texts of an answer and its request. */
  static Stream<String> texts(RecordedAnswer answer) {
    return Stream.concat(
        Stream.of(answer.text()),
        answer.request().stream().flatMap(one -> TextTrace.texts(one.fields()).stream()));
  }

  /** Returns the texts of feedback. */
  static Stream<String> texts(Feedback feedback) {
    return Stream.concat(
        feedback.judgment().correction().stream(), feedback.judgment().flag().stream());
  }

  /** Returns an answer as it is stored. */
  static RecordedAnswer stored(
      RecordedAnswer answer, Optional<String> customer, boolean withoutContent) {
    return new RecordedAnswer(
        answer.id(),
        answer.time(),
        answer.version(),
        customer,
        answer.consent(),
        withoutContent ? List.of() : answer.request(),
        withoutContent ? "" : answer.text());
  }

  /** Returns feedback as it is stored. */
  static Feedback stored(Feedback feedback, Optional<String> customer, boolean withoutContent) {
    Judgment judgment = feedback.judgment();
    return new Feedback(
        feedback.id(),
        feedback.answer(),
        feedback.time(),
        customer,
        feedback.consent(),
        new Judgment(
            judgment.rating(),
            withoutContent ? Optional.empty() : judgment.correction(),
            judgment.preferredOver(),
            // The flag itself counts, whatever the reason.
            judgment.flag().map(reason -> withoutContent ? "flagged" : reason)));
  }
}
