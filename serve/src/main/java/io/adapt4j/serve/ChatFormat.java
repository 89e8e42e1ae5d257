package io.adapt4j.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.Generation;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers as {@code chat.completion} objects. */
record ChatFormat(Envelope envelope) implements AnswerFormat {

  private static final String CHUNK = "chat.completion.chunk";

  @Override
  public ObjectNode whole(List<Generation> answers, Usage usage) {
    ObjectNode json = envelope.json("chat.completion");
    ArrayNode choices = json.putArray("choices");
    for (int i = 0; i < answers.size(); i++) {
      ObjectNode choice = choices.addObject().put("index", i);
      choice
          .putObject("message")
          .put("role", "assistant")
          .put("content", answers.get(i).text())
          .putNull("refusal");
      choice.putNull("logprobs").put("finish_reason", AnswerFormat.finishReason(answers.get(i)));
    }
    json.set("usage", usage.json());
    return json;
  }

  @Override
  public Optional<ObjectNode> first(int choice) {
    ObjectNode chunk = envelope.chunk(CHUNK);
    delta(chunk, choice, null).put("role", "assistant").put("content", "");
    return Optional.of(chunk);
  }

  @Override
  public ObjectNode piece(int choice, String text) {
    ObjectNode chunk = envelope.chunk(CHUNK);
    delta(chunk, choice, null).put("content", text);
    return chunk;
  }

  @Override
  public ObjectNode last(int choice, Generation answer) {
    ObjectNode chunk = envelope.chunk(CHUNK);
    delta(chunk, choice, AnswerFormat.finishReason(answer));
    return chunk;
  }

  @Override
  public ObjectNode usage(Usage usage) {
    return envelope.usage(CHUNK, usage);
  }

  private static ObjectNode delta(ObjectNode chunk, int index, @Nullable String finishReason) {
    ObjectNode choice = chunk.putArray("choices").addObject().put("index", index);
    ObjectNode delta = choice.putObject("delta");
    choice.putNull("logprobs").put("finish_reason", finishReason);
    return delta;
  }
}
