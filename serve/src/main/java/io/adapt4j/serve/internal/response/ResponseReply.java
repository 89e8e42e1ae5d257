package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.answer.Logprobs;
import io.adapt4j.serve.internal.answer.Piece;
import io.adapt4j.serve.internal.answer.Recording;
import io.adapt4j.serve.internal.answer.Reply;
import io.adapt4j.serve.internal.chat.ToolPrompt;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Usage;
import io.adapt4j.tools.ParsedAnswer;
import io.adapt4j.tools.ToolEvent;
import io.adapt4j.tools.ToolParser;
import io.adapt4j.tools.ToolRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Writes a response as a stream of events, or as a single object. */
final class ResponseReply extends Reply<Generation> {

  private final ResponseFormat format;
  private final Recording recording;
  private final ResponseOutput output;
  private final Consumer<ObjectNode> keep;

  /** Empty if all of an answer is text. */
  private final Optional<ToolParser> parser;

  private final List<ToolEvent> parts = new ArrayList<>();
  private final List<TokenLogprobs> tokens = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private boolean calls;
  private int sent;

  ResponseReply(
      Call call,
      ResponseFormat format,
      ToolRequest request,
      boolean streams,
      Recording recording,
      Consumer<ObjectNode> keep) {
    super(call, streams);
    this.format = format;
    this.recording = recording;
    this.keep = keep;
    this.output = new ResponseOutput(format.logprobs(), streams ? this::sendNumbered : event -> {});
    this.parser =
        request.mayHaveParts() ? Optional.of(request.parser(parts::add)) : Optional.empty();
  }

  /** Always in pieces, to separate the tokens of the text from those of other parts. */
  @Override
  public boolean isInPieces() {
    return streams() || (parser.isPresent() && format.logprobs().isPresent());
  }

  @Override
  public void piece(int choice, Piece piece) throws IOException {
    begin();
    tokens.addAll(piece.tokens());
    if (parser.isPresent()) {
      parser.get().accept(piece.text());
    } else {
      parts.add(new ToolEvent.Text(piece.text()));
    }
    tell();
  }

  @Override
  public void last(int choice, Generation answer, List<TokenLogprobs> rest) throws IOException {
    if (!isInPieces()) {
      call().keep(choice, answer.text());
      piece(choice, new Piece(answer.text(), Logprobs.shown(answer)));
    }
    begin();
    parser.ifPresent(ToolParser::finish);
    tell();
    tokens.addAll(Logprobs.shown(rest, answer.finishReason()));
    output.finish(tokens, ResponseFormat.status(answer));
  }

  /** Tokens of held back text, which may begin a call, are reported with the next part. */
  private void tell() throws IOException {
    for (ToolEvent part : parts) {
      output.take(part, List.copyOf(tokens));
      calls |= part instanceof ToolEvent.CallBegun;
      if (part instanceof ToolEvent.Text more) {
        text.append(more.text());
      }
      tokens.clear();
    }
    parts.clear();
  }

  @Override
  public void end(List<Generation> answers, Usage usage) throws IOException {
    Generation answer = answers.get(0);
    recording.record(format.id(), 0, calls ? "" : text.toString());
    ObjectNode json = format.complete(answer, output.items(), usage);
    if (!output.unparsed().isEmpty()) {
      json.set(ToolPrompt.ERRORS, ToolPrompt.errors(output.unparsed()));
    }
    // Before the client knows the id, so that its next request finds it.
    keep.accept(json);
    if (!streams()) {
      endWithObject(json);
      return;
    }
    send("response." + ResponseFormat.status(answer), json);
    call().end();
  }

  /** Records another version's answer; returns whether its text is that of the response. */
  boolean takeShadow(String version, ToolRequest copy, Generation answer) {
    ParsedAnswer parsed = ToolPrompt.parsed(copy, answer);
    recording.recordShadow(format.id(), version, parsed.calls().isEmpty() ? parsed.text() : "");
    return parsed.text().contentEquals(text);
  }

  private void begin() throws IOException {
    if (!streams() || sent > 0) {
      return;
    }
    ArrayNode nothing = JsonNodeFactory.instance.arrayNode();
    send("response.created", format.begun(nothing));
    send("response.in_progress", format.begun(nothing));
  }

  private void send(String type, ObjectNode response) throws IOException {
    ObjectNode event = ResponseOutput.event(type);
    event.set("response", response);
    sendNumbered(event);
  }

  private void sendNumbered(ObjectNode event) throws IOException {
    event.put("sequence_number", sent++);
    String type = event.get("type").textValue();
    sendText("event: " + type + "\ndata: " + Json.compact(event) + "\n\n");
  }
}
