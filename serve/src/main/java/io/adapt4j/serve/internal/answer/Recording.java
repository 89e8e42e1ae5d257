package io.adapt4j.serve.internal.answer;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.feedback.ServedAnswer;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Parameters;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Recording of a request's answers, if the application wants it; {@code request} is by choice. */
public record Recording(
    Optional<AnswerRecorder> recorder,
    String model,
    Optional<String> version,
    IntFunction<List<ChatMessage>> request,
    Optional<String> user,
    Optional<Boolean> store) {

  private static final Logger LOG = LoggerFactory.getLogger(Recording.class);

  /** Reads who asks, and whether storing is allowed; without a recorder nothing can be stored. */
  public static Recording read(
      Optional<AnswerRecorder> recorder,
      Call call,
      IntFunction<List<ChatMessage>> request,
      Parameters parameters) {
    return read(recorder, call, request, parameters, false);
  }

  /** Reads the same for an endpoint that may store answers itself. */
  public static Recording read(
      Optional<AnswerRecorder> recorder,
      Call call,
      IntFunction<List<ChatMessage>> request,
      Parameters parameters,
      boolean isStored) {
    String model = call.model().orElseThrow();
    Optional<String> version = call.version();
    if (recorder.isEmpty()) {
      if (!isStored) {
        parameters.refuse("store", Sampling::isFalse);
      }
      return new Recording(recorder, model, version, request, Optional.empty(), Optional.empty());
    }
    return new Recording(
        recorder,
        model,
        version,
        request,
        parameters
            .value("user")
            .map(value -> parameters.text("user"))
            .filter(key -> !key.isBlank()),
        parameters.value("store").map(value -> parameters.flag("store")));
  }

  public boolean isWanted() {
    return recorder.isPresent();
  }

  /** Records an answer unless it is blank. */
  public void record(String id, int choice, String text) {
    record(choice == 0 ? id : id + "-" + choice, choice, version, Optional.empty(), text);
  }

  /** Records what another version answers to a copy of the request. */
  public void recordShadow(String id, String by, String text) {
    record(id + "-shadow", 0, Optional.of(by), Optional.of(id), text);
  }

  private void record(
      String own, int choice, Optional<String> by, Optional<String> shadowOf, String text) {
    if (recorder.isEmpty() || text.isBlank()) {
      return;
    }
    try {
      recorder
          .get()
          .answered(
              new ServedAnswer(own, model, request.apply(choice), text, by, shadowOf, user, store));
    } catch (RuntimeException e) {
      LOG.warn("An answer could not be recorded.", e);
    }
  }
}
