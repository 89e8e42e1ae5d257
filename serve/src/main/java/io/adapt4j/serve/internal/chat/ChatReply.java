package io.adapt4j.serve.internal.chat;

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
import io.adapt4j.tools.ParsedAnswer;
import io.adapt4j.tools.ToolCall;
import io.adapt4j.tools.ToolEvent;
import io.adapt4j.tools.ToolParser;
import io.adapt4j.tools.ToolRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Answers as {@code chat.completion} objects, with reasoning and tool calls separate from the text.
 */
final class ChatReply extends Reply<Generation> {

  private static final String CHUNK = "chat.completion.chunk";

  private final Envelope envelope;
  private final Optional<Logprobs> logprobs;
  private final ToolRequest request;
  private final Recording recording;
  private final boolean sendsUsage;
  private final List<Choice> choices = new ArrayList<>();
  private @Nullable Generation first;

  /** A choice during streaming. */
  private static final class Choice {
    private final List<ToolEvent> events = new ArrayList<>();

    /** Empty if all of an answer is text. */
    private final Optional<ToolParser> parser;

    private final List<TokenLogprobs> tokens = new ArrayList<>();
    private boolean begun;

    /**
     * Number of calls that have begun. A dropped call cannot be taken back, and keeps its index.
     */
    private int calls;

    Choice(ToolRequest request) {
      this.parser =
          request.mayHaveParts() ? Optional.of(request.parser(events::add)) : Optional.empty();
    }
  }

  ChatReply(
      Call call,
      Envelope envelope,
      Optional<Logprobs> logprobs,
      ToolRequest request,
      Sampling sampling,
      Recording recording) {
    super(call, sampling.streams());
    this.envelope = envelope;
    this.logprobs = logprobs;
    this.request = request;
    this.recording = recording;
    this.sendsUsage = sampling.sendsUsage();
    for (int i = 0; i < sampling.choices(); i++) {
      choices.add(new Choice(request));
    }
  }

  @Override
  public boolean isInPieces() {
    return streams() || request.mayHaveParts();
  }

  @Override
  public void piece(int index, Piece piece) throws IOException {
    if (!streams()) {
      return;
    }
    Choice choice = choices.get(index);
    choice.tokens.addAll(piece.tokens());
    if (choice.parser.isPresent()) {
      choice.parser.get().accept(piece.text());
    } else {
      choice.events.add(new ToolEvent.Text(piece.text()));
    }
    tell(index, choice);
  }

  @Override
  public void last(int index, Generation answer, List<TokenLogprobs> rest) throws IOException {
    if (!streams()) {
      if (!isInPieces()) {
        call().keep(index, answer.text());
      }
      return;
    }
    Choice choice = choices.get(index);
    choice.tokens.addAll(Logprobs.shown(rest, answer.finishReason()));
    List<ToolCall> calls =
        choice.parser.map(ToolParser::finish).map(ParsedAnswer::calls).orElse(List.of());
    tell(index, choice);
    begin(index, choice);
    ObjectNode chunk = envelope.chunk(CHUNK);
    delta(chunk, index, choice, finishReason(answer, calls));
    send(chunk);
  }

  private static String finishReason(Generation answer, List<ToolCall> calls) {
    String reason = finishReason(answer);
    return reason.equals("stop") && !calls.isEmpty() ? "tool_calls" : reason;
  }

  private void tell(int index, Choice choice) throws IOException {
    for (ToolEvent event : choice.events) {
      ObjectNode chunk = envelope.chunk(CHUNK);
      begin(index, choice);
      if (event instanceof ToolEvent.Text more) {
        delta(chunk, index, choice, null).put("content", more.text());
      } else if (event instanceof ToolEvent.Thinking more) {
        delta(chunk, index, choice, null).put("reasoning_content", more.text());
      } else if (event instanceof ToolEvent.CallBegun begun) {
        choice.calls++;
        ObjectNode json = called(delta(chunk, index, choice, null), choice);
        json.put("id", begun.id()).put("type", "function");
        json.putObject("function").put("name", begun.name()).put("arguments", "");
      } else if (event instanceof ToolEvent.Arguments more) {
        called(delta(chunk, index, choice, null), choice)
            .putObject("function")
            .put("arguments", more.json());
      } else if (event instanceof ToolEvent.CallUnparsed unparsed) {
        delta(chunk, index, choice, null)
            .set(ToolPrompt.ERRORS, ToolPrompt.errors(List.of(unparsed.call())));
      } else {
        continue;
      }
      send(chunk);
    }
    choice.events.clear();
  }

  private static ObjectNode called(ObjectNode delta, Choice choice) {
    return delta.putArray("tool_calls").addObject().put("index", choice.calls - 1);
  }

  private ObjectNode delta(
      ObjectNode chunk, int index, Choice choice, @Nullable String finishReason) {
    ObjectNode json = chunk.putArray("choices").addObject().put("index", index);
    ObjectNode delta = json.putObject("delta");
    boolean none = choice.tokens.isEmpty() && (choice.parser.isPresent() || finishReason != null);
    json.set("logprobs", none ? null : logprobs(choice.tokens));
    choice.tokens.clear();
    json.put("finish_reason", finishReason);
    return delta;
  }

  private @Nullable ObjectNode logprobs(List<TokenLogprobs> tokens) {
    return logprobs.map(form -> form.content(tokens)).orElse(null);
  }

  private void begin(int index, Choice choice) throws IOException {
    if (!choice.begun) {
      choice.begun = true;
      ObjectNode chunk = envelope.chunk(CHUNK);
      ObjectNode json = chunk.putArray("choices").addObject().put("index", index);
      json.putObject("delta").put("role", "assistant").put("content", "");
      json.putNull("logprobs").putNull("finish_reason");
      send(chunk);
    }
  }

  @Override
  public void end(List<Generation> answers, Usage usage) throws IOException {
    record(answers);
    if (!streams()) {
      endWithObject(whole(answers, usage));
      return;
    }
    if (sendsUsage) {
      send(envelope.usage(CHUNK, usage));
    }
    endEvents();
  }

  /** Records another version's answer; returns whether its text is that of the first choice. */
  boolean takeShadow(String version, ToolRequest copy, Generation answer) {
    ParsedAnswer parsed = ToolPrompt.parsed(copy, answer);
    if (parsed.calls().isEmpty()) {
      recording.recordShadow(envelope.id(), version, parsed.text());
    }
    return first != null && parsed.text().equals(ToolPrompt.parsed(request, first).text());
  }

  private void record(List<Generation> answers) {
    first = answers.get(0);
    for (int i = 0; recording.isWanted() && i < answers.size(); i++) {
      ParsedAnswer parsed = ToolPrompt.parsed(request, answers.get(i));
      if (parsed.calls().isEmpty()) {
        recording.record(envelope.id(), i, parsed.text());
      }
    }
  }

  private ObjectNode whole(List<Generation> answers, Usage usage) {
    ObjectNode json = envelope.json("chat.completion");
    ArrayNode all = json.putArray("choices");
    for (int i = 0; i < answers.size(); i++) {
      Generation answer = answers.get(i);
      ParsedAnswer parsed = ToolPrompt.parsed(request, answer);
      ObjectNode choice = all.addObject().put("index", i);
      message(choice.putObject("message"), parsed);
      choice.set("logprobs", logprobs(Logprobs.shown(answer)));
      choice.put("finish_reason", finishReason(answer, parsed.calls()));
    }
    json.set("usage", usage.json());
    return json;
  }

  private static void message(ObjectNode message, ParsedAnswer parsed) {
    boolean silent = parsed.text().isEmpty() && !parsed.calls().isEmpty();
    message.put("role", "assistant").put("content", silent ? null : parsed.text());
    message.putNull("refusal");
    if (!parsed.thinking().isEmpty()) {
      message.put("reasoning_content", parsed.thinking());
    }
    if (!parsed.unparsed().isEmpty()) {
      message.set(ToolPrompt.ERRORS, ToolPrompt.errors(parsed.unparsed()));
    }
    if (!parsed.calls().isEmpty()) {
      ArrayNode calls = message.putArray("tool_calls");
      for (ToolCall called : parsed.calls()) {
        ObjectNode json = calls.addObject().put("id", called.id()).put("type", "function");
        json.putObject("function").put("name", called.name()).put("arguments", called.arguments());
      }
    }
  }
}
