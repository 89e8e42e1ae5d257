package io.adapt4j.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.util.List;

/** Writes a response as the events that make it up. */
final class ResponseEvents implements Reply<Generation> {

  private final Call call;
  private final ResponseFormat format;
  private int sent;

  ResponseEvents(Call call, ResponseFormat format) {
    this.call = call;
    this.format = format;
  }

  @Override
  public void piece(int choice, Piece piece) throws IOException {
    begin();
    delta(piece.text(), piece.tokens());
  }

  @Override
  public void last(int choice, Generation answer, List<TokenLogprobs> rest) throws IOException {
    begin();
    List<TokenLogprobs> shown = Logprobs.shown(rest, answer.finishReason());
    if (!shown.isEmpty()) {
      delta("", shown);
    }
    ObjectNode done = place("response.output_text.done").put("text", answer.text());
    done.set("logprobs", format.array(Logprobs.shown(answer)));
    send(done);
    ObjectNode part = place("response.content_part.done");
    part.set("part", format.part(answer.text(), Logprobs.shown(answer)));
    send(part);
    ObjectNode item = event("response.output_item.done").put("output_index", 0);
    item.set("item", format.message(answer));
    send(item);
  }

  @Override
  public void alive() throws IOException {
    Reply.aliveBetweenEvents(call);
  }

  @Override
  public void end(List<Generation> answers, Usage usage) throws IOException {
    Generation answer = answers.get(0);
    ObjectNode event =
        event(ResponseFormat.isComplete(answer) ? "response.completed" : "response.incomplete");
    event.set("response", format.complete(answer, usage));
    send(event);
    call.end();
  }

  private void begin() throws IOException {
    if (sent > 0) {
      return;
    }
    Reply.beginEvents(call);
    for (String type : List.of("response.created", "response.in_progress")) {
      ObjectNode event = event(type);
      event.set("response", format.begun());
      send(event);
    }
    ObjectNode item = event("response.output_item.added").put("output_index", 0);
    item.set("item", format.begunMessage());
    send(item);
    ObjectNode part = place("response.content_part.added");
    part.set("part", format.part("", List.of()));
    send(part);
  }

  private void delta(String text, List<TokenLogprobs> tokens) throws IOException {
    ObjectNode delta = place("response.output_text.delta").put("delta", text);
    delta.set("logprobs", format.array(tokens));
    send(delta);
  }

  private ObjectNode event(String type) {
    return JsonNodeFactory.instance.objectNode().put("type", type).put("sequence_number", sent);
  }

  /** An event within the only part of the only message. */
  private ObjectNode place(String type) {
    return event(type)
        .put("item_id", format.messageId())
        .put("output_index", 0)
        .put("content_index", 0);
  }

  private void send(ObjectNode event) throws IOException {
    sent++;
    String type = event.get("type").textValue();
    call.write("event: " + type + "\ndata: " + Json.compact(event) + "\n\n");
  }
}
