package io.adapt4j.serve.internal.answer;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Usage;
import java.io.IOException;
import java.util.List;

/** Writes answers as they arrive: as server-sent events, or at their end as a single object. */
public abstract class Reply<T> {

  private final Call call;
  private final boolean streams;

  protected Reply(Call call, boolean streams) {
    this.call = call;
    this.streams = streams;
  }

  protected final Call call() {
    return call;
  }

  protected final boolean streams() {
    return streams;
  }

  /** Returns whether the pieces of an answer are wanted before its end. */
  public boolean isInPieces() {
    return streams;
  }

  /** A piece of a choice has arrived. */
  public abstract void piece(int choice, Piece piece) throws IOException;

  /** A choice is complete; rest are its last tokens, without text. */
  public abstract void last(int choice, T answer, List<TokenLogprobs> rest) throws IOException;

  /** All choices are complete. */
  public abstract void end(List<T> answers, Usage usage) throws IOException;

  /** Nothing has arrived for a while: writes a heartbeat without meaning. */
  final void alive() throws IOException {
    alive(call, streams);
  }

  /** Writes a comment between events, or white space, which is allowed before an object. */
  static void alive(Call call, boolean streams) throws IOException {
    begin(call, streams ? "text/event-stream" : "application/json");
    call.write(streams ? ":\n\n" : " ");
  }

  private static void begin(Call call, String type) throws IOException {
    if (!call.isCommitted()) {
      call.begin(type);
    }
  }

  /** Writes an event, and before the first one the head of the stream. */
  protected final void send(JsonNode json) throws IOException {
    sendText("data: " + Json.compact(json) + "\n\n");
  }

  /** Writes an event's text, and before the first one the head of the stream. */
  protected final void sendText(String event) throws IOException {
    begin(call, "text/event-stream");
    call.write(event);
  }

  protected final void endEvents() throws IOException {
    call.write("data: [DONE]\n\n");
    call.end();
  }

  /** Writes an object, possibly after white space. */
  protected final void endWithObject(JsonNode json) throws IOException {
    if (call.isCommitted()) {
      call.write(Json.compact(json));
      call.end();
    } else {
      call.send(200, json);
    }
  }

  /**
   * Finish reason as in OpenAI's API; an answer that ran out of time is also cut ({@code length}).
   */
  public static String finishReason(Generation answer) {
    return finishReason(answer.finishReason());
  }

  public static String finishReason(FinishReason reason) {
    return switch (reason) {
      case LENGTH, CONTEXT_LENGTH, CANCELLED -> "length";
      case CONTENT_FILTER -> "content_filter";
      case EOS, STOP, STOP_STRING, STOP_ID, OTHER -> "stop";
    };
  }
}
