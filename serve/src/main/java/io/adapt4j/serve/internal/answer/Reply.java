package io.adapt4j.serve.internal.answer;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Usage;
import java.io.IOException;
import java.util.List;

/** Writes answers as they arrive. */
public interface Reply<T> {

  /** Writes answers in a format of OpenAI's API, whole or as a stream. */
  static Reply<Generation> of(Call call, AnswerFormat format, Sampling sampling, int choices) {
    return sampling.streams()
        ? new Events(call, format, choices, sampling.sendsUsage())
        : new Whole(call, format);
  }

  /** Returns whether pieces are written as they arrive. */
  default boolean isInPieces() {
    return true;
  }

  /** A piece of a choice has arrived. */
  void piece(int choice, Piece piece) throws IOException;

  /** A choice is complete; rest are its last tokens, without text. */
  void last(int choice, T answer, List<TokenLogprobs> rest) throws IOException;

  /** Nothing has arrived for a while: writes a heartbeat without meaning. */
  void alive() throws IOException;

  /** All choices are complete. */
  void end(List<T> answers, Usage usage) throws IOException;

  /** Writes white space, which is allowed before an object. */
  static void aliveBeforeObject(Call call) throws IOException {
    if (!call.isCommitted()) {
      call.begin("application/json");
    }
    call.write(" ");
  }

  /** Writes an object, possibly after white space. */
  static void endWithObject(Call call, JsonNode json) throws IOException {
    if (call.isCommitted()) {
      call.write(Json.compact(json));
      call.end();
    } else {
      call.send(200, json);
    }
  }

  /** Writes a comment. */
  static void aliveBetweenEvents(Call call) throws IOException {
    beginEvents(call);
    call.write(":\n\n");
  }

  static void beginEvents(Call call) throws IOException {
    if (!call.isCommitted()) {
      call.begin("text/event-stream");
    }
  }

  /** Writes all answers as a single object. */
  final class Whole implements Reply<Generation> {

    private final Call call;
    private final AnswerFormat format;

    Whole(Call call, AnswerFormat format) {
      this.call = call;
      this.format = format;
    }

    @Override
    public boolean isInPieces() {
      return false;
    }

    @Override
    public void piece(int choice, Piece piece) {}

    @Override
    public void last(int choice, Generation answer, List<TokenLogprobs> rest) {
      call.keep(choice, answer.text());
    }

    @Override
    public void alive() throws IOException {
      aliveBeforeObject(call);
    }

    @Override
    public void end(List<Generation> answers, Usage usage) throws IOException {
      endWithObject(call, format.whole(answers, usage));
    }
  }

  /** Writes answers as server-sent events. */
  final class Events implements Reply<Generation> {

    private final Call call;
    private final AnswerFormat format;
    private final boolean sendsUsage;
    private final boolean[] begun;

    Events(Call call, AnswerFormat format, int choices, boolean sendsUsage) {
      this.call = call;
      this.format = format;
      this.sendsUsage = sendsUsage;
      this.begun = new boolean[choices];
    }

    @Override
    public void piece(int choice, Piece piece) throws IOException {
      begin(choice);
      send(format.piece(choice, piece));
    }

    @Override
    public void last(int choice, Generation answer, List<TokenLogprobs> rest) throws IOException {
      begin(choice);
      send(format.last(choice, answer, rest));
    }

    @Override
    public void alive() throws IOException {
      aliveBetweenEvents(call);
    }

    @Override
    public void end(List<Generation> answers, Usage usage) throws IOException {
      if (sendsUsage) {
        send(format.usage(usage));
      }
      call.write("data: [DONE]\n\n");
      call.end();
    }

    private void begin(int choice) throws IOException {
      beginEvents(call);
      if (!begun[choice]) {
        begun[choice] = true;
        JsonNode first = format.first(choice).orElse(null);
        if (first != null) {
          send(first);
        }
      }
    }

    private void send(JsonNode json) throws IOException {
      call.write("data: " + Json.compact(json) + "\n\n");
    }
  }
}
