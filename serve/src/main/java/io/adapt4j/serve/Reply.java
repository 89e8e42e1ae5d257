package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.util.List;

/** Writes answers while they come. */
interface Reply {

  /** A piece of a choice has come. */
  void piece(int choice, String text) throws IOException;

  /** A choice is complete. */
  void last(int choice, Generation answer) throws IOException;

  /** Nothing has come for a while: writes something that means nothing. */
  void alive() throws IOException;

  /** All choices are complete. */
  void end(List<Generation> answers, Usage usage) throws IOException;

  /** Writes all answers as one object. */
  final class Whole implements Reply {

    private final Call call;
    private final AnswerFormat format;

    Whole(Call call, AnswerFormat format) {
      this.call = call;
      this.format = format;
    }

    @Override
    public void piece(int choice, String text) {}

    @Override
    public void last(int choice, Generation answer) {}

    /** White space may stand before an object. */
    @Override
    public void alive() throws IOException {
      if (!call.isCommitted()) {
        call.begin("application/json");
      }
      call.write(" ");
    }

    @Override
    public void end(List<Generation> answers, Usage usage) throws IOException {
      JsonNode json = format.whole(answers, usage);
      if (call.isCommitted()) {
        call.write(Json.compact(json));
        call.end();
      } else {
        call.send(200, json);
      }
    }
  }

  /** Writes answers as server-sent events. */
  final class Events implements Reply {

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
    public void piece(int choice, String text) throws IOException {
      begin(choice);
      send(format.piece(choice, text));
    }

    @Override
    public void last(int choice, Generation answer) throws IOException {
      begin(choice);
      send(format.last(choice, answer));
    }

    /** A comment. */
    @Override
    public void alive() throws IOException {
      begin();
      call.write(":\n\n");
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
      begin();
      if (!begun[choice]) {
        begun[choice] = true;
        JsonNode first = format.first(choice).orElse(null);
        if (first != null) {
          send(first);
        }
      }
    }

    private void begin() throws IOException {
      if (!call.isCommitted()) {
        call.begin("text/event-stream");
      }
    }

    private void send(JsonNode json) throws IOException {
      call.write("data: " + Json.compact(json) + "\n\n");
    }
  }
}
