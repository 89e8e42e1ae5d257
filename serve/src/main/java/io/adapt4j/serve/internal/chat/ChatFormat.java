package io.adapt4j.serve.internal.chat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.serve.internal.answer.AnswerFormat;
import io.adapt4j.serve.internal.answer.Envelope;
import io.adapt4j.serve.internal.answer.Logprobs;
import io.adapt4j.serve.internal.answer.Piece;
import io.adapt4j.serve.internal.http.Usage;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers as {@code chat.completion} objects. */
record ChatFormat(Envelope envelope, Optional<Logprobs> logprobs) implements AnswerFormat {

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
      choice.set("logprobs", logprobs(Logprobs.shown(answers.get(i))));
      choice.put("finish_reason", AnswerFormat.finishReason(answers.get(i)));
    }
    json.set("usage", usage.json());
    return json;
  }

  private @Nullable ObjectNode logprobs(List<TokenLogprobs> tokens) {
    return logprobs.map(form -> form.content(tokens)).orElse(null);
  }

  @Override
  public Optional<ObjectNode> first(int choice) {
    ObjectNode chunk = envelope.chunk(CHUNK);
    delta(chunk, choice, null, null).put("role", "assistant").put("content", "");
    return Optional.of(chunk);
  }

  @Override
  public ObjectNode piece(int choice, Piece piece) {
    ObjectNode chunk = envelope.chunk(CHUNK);
    delta(chunk, choice, null, logprobs(piece.tokens())).put("content", piece.text());
    return chunk;
  }

  @Override
  public ObjectNode last(int choice, Generation answer, List<TokenLogprobs> rest) {
    ObjectNode chunk = envelope.chunk(CHUNK);
    List<TokenLogprobs> shown = Logprobs.shown(rest, answer.finishReason());
    ObjectNode logprobs = shown.isEmpty() ? null : logprobs(shown);
    delta(chunk, choice, AnswerFormat.finishReason(answer), logprobs);
    return chunk;
  }

  @Override
  public ObjectNode usage(Usage usage) {
    return envelope.usage(CHUNK, usage);
  }

  private static ObjectNode delta(
      ObjectNode chunk, int index, @Nullable String finishReason, @Nullable ObjectNode logprobs) {
    ObjectNode choice = chunk.putArray("choices").addObject().put("index", index);
    ObjectNode delta = choice.putObject("delta");
    choice.set("logprobs", logprobs);
    choice.put("finish_reason", finishReason);
    return delta;
  }
}
