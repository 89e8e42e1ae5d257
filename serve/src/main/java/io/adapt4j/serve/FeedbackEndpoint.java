package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.feedback.ServedFeedback;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Takes feedback on answers: {@code /v1/feedback}. */
record FeedbackEndpoint(AnswerRecorder recorder) implements Endpoint {

  private static final String RATING = "rating";
  private static final List<String> RATINGS = List.of("up", "down", "1", "2", "3", "4", "5");

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    ServedFeedback feedback =
        new ServedFeedback(
            parameters.text("id"),
            parameters.value(RATING).map(FeedbackEndpoint::rating),
            text(parameters, "correction"),
            text(parameters, "preferred_over"),
            text(parameters, "flag"),
            text(parameters, "user"),
            parameters.value("store").map(value -> parameters.flag("store")));
    parameters.requireNoOthers();
    if (feedback.rating().isEmpty()
        && feedback.correction().isEmpty()
        && feedback.preferredOver().isEmpty()
        && feedback.flag().isEmpty()) {
      throw Fault.parameter(
          RATING, "expected it, or one of correction, preferred_over and flag, found none");
    }
    if (!record(feedback)) {
      throw Fault.invalid(
          404,
          "id",
          "answer_not_found",
          "id: there is no such answer. It was not recorded, or it has been removed.");
    }
    call.send(
        200,
        JsonNodeFactory.instance
            .objectNode()
            .put("id", feedback.id())
            .put("object", "feedback")
            .put("recorded", true));
  }

  private boolean record(ServedFeedback feedback) {
    try {
      return recorder.judged(feedback);
    } catch (IllegalArgumentException e) {
      throw Fault.invalid(400, null, "invalid_value", String.valueOf(e.getMessage()));
    }
  }

  private static String rating(JsonNode value) {
    String text = value.isIntegralNumber() || value.isTextual() ? value.asText() : "";
    if (!RATINGS.contains(text)) {
      throw Fault.parameter(RATING, "expected \"up\", \"down\", or 1 to 5");
    }
    return text;
  }

  private static Optional<String> text(Parameters parameters, String name) {
    Optional<String> text = parameters.value(name).map(value -> parameters.text(name));
    if (text.filter(String::isBlank).isPresent()) {
      throw Fault.parameter(name, "expected a text, found a blank one");
    }
    return text;
  }
}
