package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.serve.internal.answer.Logprobs;
import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import io.adapt4j.tools.ToolEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The output of a response during streaming: reasoning, messages and tool calls, each an item.
 * Changes are reported as events.
 */
final class ResponseOutput {

  /** Receives events with a type and fields. */
  interface Sink {
    void send(ObjectNode event) throws IOException;
  }

  private final Optional<Logprobs> logprobs;
  private final Sink sink;
  private final ArrayNode items = JsonNodeFactory.instance.arrayNode();
  private final List<UnparsedCall> unparsed = new ArrayList<>();
  private @Nullable ResponseItem open;

  ResponseOutput(Optional<Logprobs> logprobs, Sink sink) {
    this.logprobs = logprobs;
    this.sink = sink;
  }

  /** Parts of the text that begin like calls and are none. */
  List<UnparsedCall> unparsed() {
    return unparsed;
  }

  /** The complete items. */
  ArrayNode items() {
    return items;
  }

  /**
   * Adds a part of the answer, with log probabilities of its tokens, of which only those of texts
   * are reported.
   */
  void take(ToolEvent event, List<TokenLogprobs> tokens) throws IOException {
    if (event instanceof ToolEvent.Text more) {
      add(ResponseItem.Kind.MESSAGE, more.text(), array(tokens));
    } else if (event instanceof ToolEvent.Thinking more) {
      add(ResponseItem.Kind.REASONING, more.text(), array(List.of()));
    } else if (event instanceof ToolEvent.CallBegun begun) {
      end("completed");
      begin(ResponseItem.call(begun.id(), begun.name()));
    } else if (event instanceof ToolEvent.Arguments more) {
      add(ResponseItem.Kind.CALL, more.json(), array(List.of()));
    } else if (event instanceof ToolEvent.CallUnparsed unparsed) {
      this.unparsed.add(unparsed.call());
    } else {
      end(event instanceof ToolEvent.CallComplete ? "completed" : "incomplete");
    }
  }

  /**
   * Ends the answer, which has at least a message. The rest are log probabilities of the last
   * tokens, without text; the status is that of the last item.
   */
  void finish(List<TokenLogprobs> rest, String status) throws IOException {
    if (open == null && items.isEmpty()) {
      begin(ResponseItem.of(ResponseItem.Kind.MESSAGE));
    }
    ResponseItem last = open;
    if (last != null && last.kind() == ResponseItem.Kind.MESSAGE && !rest.isEmpty()) {
      add(last.kind(), "", array(rest));
    }
    end(status);
  }

  private ArrayNode array(List<TokenLogprobs> tokens) {
    return logprobs.map(form -> form.array(tokens)).orElse(JsonNodeFactory.instance.arrayNode());
  }

  private void add(ResponseItem.Kind kind, String text, ArrayNode tokens) throws IOException {
    ResponseItem item = open;
    if (item == null || item.kind() != kind) {
      end("completed");
      item = ResponseItem.of(kind);
      begin(item);
    }
    item.add(text, tokens);
    ObjectNode delta = place(kind.event + ".delta", item).put("delta", text);
    if (kind == ResponseItem.Kind.MESSAGE) {
      delta.set("logprobs", tokens);
    }
    sink.send(delta);
  }

  private void begin(ResponseItem item) throws IOException {
    open = item;
    ObjectNode added = event("response.output_item.added").put("output_index", items.size());
    added.set("item", item.begun());
    sink.send(added);
    if (item.kind().part != null) {
      ObjectNode part = place("response.content_part.added", item);
      part.set("part", item.emptyPart());
      sink.send(part);
    }
  }

  private void end(String status) throws IOException {
    ResponseItem item = open;
    if (item == null) {
      return;
    }
    open = null;
    ObjectNode done = place(item.kind().event + ".done", item);
    item.describe(done);
    sink.send(done);
    if (item.kind().part != null) {
      ObjectNode part = place("response.content_part.done", item);
      part.set("part", item.part());
      sink.send(part);
    }
    ObjectNode complete = item.complete(status);
    ObjectNode last = event("response.output_item.done").put("output_index", items.size());
    last.set("item", complete);
    items.add(complete);
    sink.send(last);
  }

  static ObjectNode event(String type) {
    return JsonNodeFactory.instance.objectNode().put("type", type);
  }

  /** Creates an event within the current item, and within its only part if it has one. */
  private ObjectNode place(String type, ResponseItem item) {
    ObjectNode event = event(type).put("item_id", item.id()).put("output_index", items.size());
    return item.kind().part == null ? event : event.put("content_index", 0);
  }
}
