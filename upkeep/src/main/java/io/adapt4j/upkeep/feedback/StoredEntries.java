package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.internal.TextTrace;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Entries in the form in which a log stores them, and their texts. */
final class StoredEntries {

  private StoredEntries() {}

  /** Returns the texts of an answer and its request. */
  static Stream<String> texts(RecordedAnswer answer) {
    return Stream.concat(
        Stream.of(answer.text()),
        answer.request().stream().flatMap(one -> TextTrace.texts(one.fields()).stream()));
  }

  static Stream<String> texts(Feedback feedback) {
    return Stream.concat(
        feedback.judgment().correction().stream(), feedback.judgment().flag().stream());
  }

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
