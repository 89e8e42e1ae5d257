package io.adapt4j.serve.internal.chat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.answer.AnswerFormat;
import io.adapt4j.serve.internal.answer.Envelope;
import io.adapt4j.serve.internal.answer.Logprobs;
import io.adapt4j.serve.internal.answer.Piece;
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

/** Writes answers with reasoning and tool calls separate from the text. */
abstract class ToolReply implements Reply<Generation> {

  final Call call;
  final Envelope envelope;
  final Optional<Logprobs> logprobs;
  final ToolRequest request;

  private ToolReply(
      Call call, Envelope envelope, Optional<Logprobs> logprobs, ToolRequest request) {
    this.call = call;
    this.envelope = envelope;
    this.logprobs = logprobs;
    this.request = request;
  }

  static ToolReply of(
      Call call,
      Envelope envelope,
      Optional<Logprobs> logprobs,
      ToolRequest request,
      Sampling sampling) {
    return sampling.streams()
        ? new Events(call, envelope, logprobs, request, sampling)
        : new Whole(call, envelope, logprobs, request);
  }

  private static String finishReason(Generation answer, List<ToolCall> calls) {
    String reason = AnswerFormat.finishReason(answer);
    return reason.equals("stop") && !calls.isEmpty() ? "tool_calls" : reason;
  }

  @Nullable ObjectNode logprobs(List<TokenLogprobs> tokens) {
    return logprobs.map(form -> form.content(tokens)).orElse(null);
  }

  /** Writes all answers as a single object. */
  private static final class Whole extends ToolReply {

    Whole(Call call, Envelope envelope, Optional<Logprobs> logprobs, ToolRequest request) {
      super(call, envelope, logprobs, request);
    }

    @Override
    public void piece(int choice, Piece piece) {}

    @Override
    public void last(int choice, Generation answer, List<TokenLogprobs> rest) {}

    @Override
    public void alive() throws IOException {
      Reply.aliveBeforeObject(call);
    }

    @Override
    public void end(List<Generation> answers, Usage usage) throws IOException {
      ObjectNode json = envelope.json("chat.completion");
      ArrayNode choices = json.putArray("choices");
      for (int i = 0; i < answers.size(); i++) {
        Generation answer = answers.get(i);
        ToolParser parser = request.parser(event -> {});
        parser.accept(answer.text());
        ParsedAnswer parsed = parser.finish();
        ObjectNode choice = choices.addObject().put("index", i);
        message(choice.putObject("message"), parsed);
        choice.set("logprobs", logprobs(Logprobs.shown(answer)));
        choice.put("finish_reason", finishReason(answer, parsed.calls()));
      }
      json.set("usage", usage.json());
      Reply.endWithObject(call, json);
    }

    private static void message(ObjectNode message, ParsedAnswer parsed) {
      boolean silent = parsed.text().isEmpty() && !parsed.calls().isEmpty();
      message.put("role", "assistant").put("content", silent ? null : parsed.text());
      message.putNull("refusal");
      if (!parsed.thinking().isEmpty()) {
        message.put("reasoning_content", parsed.thinking());
      }
      if (!parsed.calls().isEmpty()) {
        ArrayNode calls = message.putArray("tool_calls");
        for (ToolCall called : parsed.calls()) {
          ObjectNode json = calls.addObject().put("id", called.id()).put("type", "function");
          json.putObject("function")
              .put("name", called.name())
              .put("arguments", called.arguments());
        }
      }
    }
  }

  /** Writes answers as server-sent events. */
  private static final class Events extends ToolReply {

    private static final String CHUNK = "chat.completion.chunk";

    private final boolean sendsUsage;
    private final List<Choice> choices = new ArrayList<>();

    Events(
        Call call,
        Envelope envelope,
        Optional<Logprobs> logprobs,
        ToolRequest request,
        Sampling sampling) {
      super(call, envelope, logprobs, request);
      this.sendsUsage = sampling.sendsUsage();
      for (int i = 0; i < sampling.choices(); i++) {
        choices.add(new Choice(request));
      }
    }

    /** A choice during streaming. */
    private static final class Choice {

      private final ToolParser parser;
      private final List<ToolEvent> events = new ArrayList<>();
      private final List<TokenLogprobs> tokens = new ArrayList<>();
      private boolean begun;

      /**
       * Number of calls that have begun. A dropped call cannot be taken back, and keeps its index.
       */
      private int calls;

      Choice(ToolRequest request) {
        this.parser = request.parser(events::add);
      }
    }

    @Override
    public void piece(int index, Piece piece) throws IOException {
      Choice choice = choices.get(index);
      choice.tokens.addAll(piece.tokens());
      choice.parser.accept(piece.text());
      tell(index, choice);
    }

    @Override
    public void last(int index, Generation answer, List<TokenLogprobs> rest) throws IOException {
      Choice choice = choices.get(index);
      choice.tokens.addAll(Logprobs.shown(rest, answer.finishReason()));
      ParsedAnswer parsed = choice.parser.finish();
      tell(index, choice);
      begin(index, choice);
      ObjectNode chunk = envelope.chunk(CHUNK);
      delta(chunk, index, choice, finishReason(answer, parsed.calls()));
      send(chunk);
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
      json.set("logprobs", choice.tokens.isEmpty() ? null : logprobs(choice.tokens));
      choice.tokens.clear();
      json.put("finish_reason", finishReason);
      return delta;
    }

    private void begin(int index, Choice choice) throws IOException {
      Reply.beginEvents(call);
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
    public void alive() throws IOException {
      Reply.aliveBetweenEvents(call);
    }

    @Override
    public void end(List<Generation> answers, Usage usage) throws IOException {
      if (sendsUsage) {
        send(envelope.usage(CHUNK, usage));
      }
      call.write("data: [DONE]\n\n");
      call.end();
    }

    private void send(ObjectNode json) throws IOException {
      call.write("data: " + Json.compact(json) + "\n\n");
    }
  }
}
