package io.adapt4j.serve.internal.completion;

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

/** Answers as {@code text_completion} objects. */
final class CompletionFormat implements AnswerFormat {

  private static final String OBJECT = "text_completion";

  private final Envelope envelope;
  private final Optional<Logprobs> logprobs;
  private final List<String> echoes;

  /** Offset of the next token of each choice. */
  private final int[] offsets;

  /** Creates a format. Echoes are the texts before each choice. */
  CompletionFormat(Envelope envelope, Optional<Logprobs> logprobs, List<String> echoes) {
    this.envelope = envelope;
    this.logprobs = logprobs;
    this.echoes = echoes;
    this.offsets = new int[echoes.size()];
  }

  @Override
  public ObjectNode whole(List<Generation> answers, Usage usage) {
    ObjectNode json = envelope.json(OBJECT);
    ArrayNode choices = json.putArray("choices");
    for (int i = 0; i < answers.size(); i++) {
      Generation answer = answers.get(i);
      ObjectNode tokens = logprobs(i, Logprobs.shown(answer));
      String text = echoes.get(i) + answer.text();
      choice(choices, i, text, tokens, AnswerFormat.finishReason(answer));
    }
    json.set("usage", usage.json());
    return json;
  }

  private @Nullable ObjectNode logprobs(int choice, List<TokenLogprobs> tokens) {
    if (logprobs.isEmpty()) {
      return null;
    }
    ObjectNode json = logprobs.get().lists(tokens, offsets[choice]);
    offsets[choice] += logprobs.get().length(tokens);
    return json;
  }

  @Override
  public Optional<ObjectNode> first(int choice) {
    return echoes.get(choice).isEmpty()
        ? Optional.empty()
        : Optional.of(chunk(choice, echoes.get(choice), null, null));
  }

  @Override
  public ObjectNode piece(int choice, Piece piece) {
    return chunk(choice, piece.text(), logprobs(choice, piece.tokens()), null);
  }

  @Override
  public ObjectNode last(int choice, Generation answer, List<TokenLogprobs> rest) {
    List<TokenLogprobs> shown = Logprobs.shown(rest, answer.finishReason());
    ObjectNode tokens = shown.isEmpty() ? null : logprobs(choice, shown);
    return chunk(choice, "", tokens, AnswerFormat.finishReason(answer));
  }

  @Override
  public ObjectNode usage(Usage usage) {
    return envelope.usage(OBJECT, usage);
  }

  private ObjectNode chunk(
      int choice, String text, @Nullable ObjectNode tokens, @Nullable String finishReason) {
    ObjectNode chunk = envelope.chunk(OBJECT);
    choice(chunk.putArray("choices"), choice, text, tokens, finishReason);
    return chunk;
  }

  private static void choice(
      ArrayNode choices,
      int index,
      String text,
      @Nullable ObjectNode tokens,
      @Nullable String finishReason) {
    ObjectNode choice = choices.addObject().put("text", text).put("index", index);
    choice.set("logprobs", tokens);
    choice.put("finish_reason", finishReason);
  }
}
