package io.adapt4j.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.Generation;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers as {@code text_completion} objects. */
record CompletionFormat(Envelope envelope) implements AnswerFormat {

  private static final String OBJECT = "text_completion";

  @Override
  public ObjectNode whole(List<Generation> answers, Usage usage) {
    ObjectNode json = envelope.json(OBJECT);
    ArrayNode choices = json.putArray("choices");
    for (int i = 0; i < answers.size(); i++) {
      Generation answer = answers.get(i);
      choice(choices, i, answer.text(), AnswerFormat.finishReason(answer));
    }
    json.set("usage", usage.json());
    return json;
  }

  @Override
  public Optional<ObjectNode> first(int choice) {
    return Optional.empty();
  }

  @Override
  public ObjectNode piece(int choice, String text) {
    ObjectNode chunk = envelope.chunk(OBJECT);
    choice(chunk.putArray("choices"), choice, text, null);
    return chunk;
  }

  @Override
  public ObjectNode last(int choice, Generation answer) {
    ObjectNode chunk = envelope.chunk(OBJECT);
    choice(chunk.putArray("choices"), choice, "", AnswerFormat.finishReason(answer));
    return chunk;
  }

  @Override
  public ObjectNode usage(Usage usage) {
    return envelope.usage(OBJECT, usage);
  }

  private static void choice(
      ArrayNode choices, int index, String text, @Nullable String finishReason) {
    choices
        .addObject()
        .put("text", text)
        .put("index", index)
        .putNull("logprobs")
        .put("finish_reason", finishReason);
  }
}
