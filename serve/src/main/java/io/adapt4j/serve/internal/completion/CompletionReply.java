package io.adapt4j.serve.internal.completion;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.serve.internal.answer.Envelope;
import io.adapt4j.serve.internal.answer.Logprobs;
import io.adapt4j.serve.internal.answer.Piece;
import io.adapt4j.serve.internal.answer.Recording;
import io.adapt4j.serve.internal.answer.Reply;
import io.adapt4j.serve.internal.answer.Sampling;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Usage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers as {@code text_completion} objects. */
final class CompletionReply extends Reply<Generation> {

  private static final String OBJECT = "text_completion";

  private final Envelope envelope;
  private final Optional<Logprobs> logprobs;
  private final List<String> echoes;
  private final Recording recording;
  private final boolean sendsUsage;
  private final boolean[] begun;
  private String first = "";

  /** Offset of the next token of each choice. */
  private final int[] offsets;

  /** Creates a reply. Echoes are the texts before each choice. */
  CompletionReply(
      Call call,
      Envelope envelope,
      Optional<Logprobs> logprobs,
      List<String> echoes,
      Sampling sampling,
      Recording recording) {
    super(call, sampling.streams());
    this.envelope = envelope;
    this.logprobs = logprobs;
    this.echoes = echoes;
    this.recording = recording;
    this.sendsUsage = sampling.sendsUsage();
    this.begun = new boolean[echoes.size()];
    this.offsets = new int[echoes.size()];
  }

  @Override
  public void piece(int choice, Piece piece) throws IOException {
    if (streams()) {
      begin(choice);
      chunk(choice, piece.text(), logprobs(choice, piece.tokens()), null);
    }
  }

  @Override
  public void last(int choice, Generation answer, List<TokenLogprobs> rest) throws IOException {
    if (!streams()) {
      call().keep(choice, answer.text());
      return;
    }
    begin(choice);
    List<TokenLogprobs> shown = Logprobs.shown(rest, answer.finishReason());
    ObjectNode tokens = shown.isEmpty() ? null : logprobs(choice, shown);
    chunk(choice, "", tokens, finishReason(answer));
  }

  private void begin(int choice) throws IOException {
    if (!begun[choice]) {
      begun[choice] = true;
      if (!echoes.get(choice).isEmpty()) {
        chunk(choice, echoes.get(choice), null, null);
      }
    }
  }

  private void chunk(
      int choice, String text, @Nullable ObjectNode tokens, @Nullable String finishReason)
      throws IOException {
    ObjectNode chunk = envelope.chunk(OBJECT);
    choice(chunk.putArray("choices"), choice, text, tokens, finishReason);
    send(chunk);
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
  public void end(List<Generation> answers, Usage usage) throws IOException {
    first = answers.get(0).text();
    for (int i = 0; i < answers.size(); i++) {
      recording.record(envelope.id(), i, answers.get(i).text());
    }
    if (streams()) {
      if (sendsUsage) {
        send(envelope.usage(OBJECT, usage));
      }
      endEvents();
      return;
    }
    ObjectNode json = envelope.json(OBJECT);
    ArrayNode choices = json.putArray("choices");
    for (int i = 0; i < answers.size(); i++) {
      Generation answer = answers.get(i);
      ObjectNode tokens = logprobs(i, Logprobs.shown(answer));
      choice(choices, i, echoes.get(i) + answer.text(), tokens, finishReason(answer));
    }
    json.set("usage", usage.json());
    endWithObject(json);
  }

  /** Records another version's answer; returns whether its text is that of the first choice. */
  boolean takeShadow(String version, Generation answer) {
    recording.recordShadow(envelope.id(), version, answer.text());
    return answer.text().equals(first);
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
