package io.adapt4j.serve.internal.chat;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.feedback.ServedAnswer;
import io.adapt4j.serve.internal.answer.Sampling;
import io.adapt4j.serve.internal.http.Parameters;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Recording of a request's answers, if the application wants it. */
record Recording(
    Optional<AnswerRecorder> recorder,
    String model,
    List<ChatMessage> messages,
    Optional<String> user,
    Optional<Boolean> store) {

  private static final Logger LOG = LoggerFactory.getLogger(Recording.class);

  /** Reads who asks, and whether storing is allowed; without a recorder nothing can be stored. */
  static Recording read(
      Optional<AnswerRecorder> recorder,
      String model,
      List<ChatMessage> messages,
      Parameters parameters) {
    if (recorder.isEmpty()) {
      parameters.refuse("store", Sampling::isFalse);
      return new Recording(recorder, model, messages, Optional.empty(), Optional.empty());
    }
    return new Recording(
        recorder,
        model,
        messages,
        parameters
            .value("user")
            .map(value -> parameters.text("user"))
            .filter(key -> !key.isBlank()),
        parameters.value("store").map(value -> parameters.flag("store")));
  }

  boolean isWanted() {
    return recorder.isPresent();
  }

  void record(String id, int choice, String text) {
    String own = choice == 0 ? id : id + "-" + choice;
    try {
      recorder.ifPresent(
          to -> to.answered(new ServedAnswer(own, model, messages, text, user, store)));
    } catch (RuntimeException e) {
      LOG.warn("An answer could not be recorded.", e);
    }
  }
}
