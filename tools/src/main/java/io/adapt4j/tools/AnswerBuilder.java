package io.adapt4j.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Assembles an answer and reports its parts. Texts are reported in pieces as large as possible. */
final class AnswerBuilder {

  /** Kinds of unreported pieces. */
  private enum Kind {
    TEXT,
    THINKING,
    ARGUMENTS
  }

  private final Supplier<String> ids;
  private final Consumer<ToolEvent> onEvent;
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder thinking = new StringBuilder();
  private final List<ToolCall> calls = new ArrayList<>();
  private final List<UnparsedCall> unparsed = new ArrayList<>();
  private UnparsedCall.@Nullable Reason problem;
  private final StringBuilder untold = new StringBuilder();
  private Kind kind = Kind.TEXT;
  private final StringBuilder arguments = new StringBuilder();
  private @Nullable String id;
  private @Nullable String name;

  AnswerBuilder(Supplier<String> ids, Consumer<ToolEvent> onEvent) {
    this.ids = ids;
    this.onEvent = onEvent;
  }

  void text(CharSequence piece) {
    text.append(piece);
    add(Kind.TEXT, piece);
  }

  void thinking(CharSequence piece) {
    thinking.append(piece);
    add(Kind.THINKING, piece);
  }

  void begin(String tool) {
    flush();
    id = ids.get();
    name = tool;
    arguments.setLength(0);
    onEvent.accept(new ToolEvent.CallBegun(calls.size(), id, tool));
  }

  void arguments(CharSequence json) {
    arguments.append(json);
    add(Kind.ARGUMENTS, json);
  }

  /** Ends the current call. Returns whether it is one; otherwise it was dropped. */
  boolean complete() {
    flush();
    ToolCall call;
    try {
      call =
          new ToolCall(
              Objects.requireNonNull(id), Objects.requireNonNull(name), arguments.toString());
    } catch (IllegalArgumentException e) {
      // For example a duplicate key.
      problem(UnparsedCall.Reason.INVALID_ARGUMENTS);
      drop();
      return false;
    }
    calls.add(call);
    id = null;
    problem = null;
    onEvent.accept(new ToolEvent.CallComplete(calls.size() - 1, call));
    return true;
  }

  /** Adds a call that is known as a whole. Texts are read again if the schema allows no text. */
  boolean whole(Tool tool, ObjectNode arguments) {
    ParameterTypes types = new ParameterTypes(tool.parameters());
    StringBuilder json = new StringBuilder("{");
    for (Map.Entry<String, JsonNode> argument : arguments.properties()) {
      String key = argument.getKey();
      JsonNode value = argument.getValue();
      boolean other = value.isTextual() && !types.mayBeText(key);
      json.append(json.length() > 1 ? ", " : "")
          .append(JsonNodeFactory.instance.textNode(key))
          .append(": ")
          .append(other ? types.json(key, value.textValue()) : value.toString());
    }
    begin(tool.name());
    arguments(json.append('}'));
    return complete();
  }

  /** Drops the current call, if there is one. */
  void drop() {
    if (id != null) {
      flush();
      id = null;
      onEvent.accept(new ToolEvent.CallDropped(calls.size()));
    }
  }

  /** Notes why the current text is not a call; the first reason counts. */
  void problem(UnparsedCall.Reason reason) {
    if (problem == null) {
      problem = reason;
    }
  }

  /** Returns whether the text since the last call names a tool or begins a call. */
  boolean hasProblem() {
    return problem != null;
  }

  /** Returns whether a call has begun and is not complete. */
  boolean hasOpenCall() {
    return id != null;
  }

  /** Reports that a text, which was added, is not a call, for the noted or else another reason. */
  void unparsed(String raw, UnparsedCall.Reason otherwise) {
    flush();
    UnparsedCall call = new UnparsedCall(raw, problem == null ? otherwise : problem);
    problem = null;
    unparsed.add(call);
    onEvent.accept(new ToolEvent.CallUnparsed(call));
  }

  /** Returns whether there is neither text nor a call. */
  boolean saysNothing() {
    return text.isEmpty();
  }

  boolean hasCalls() {
    return !calls.isEmpty();
  }

  /** Reports the unreported pieces. */
  void flush() {
    if (untold.isEmpty()) {
      return;
    }
    String piece = untold.toString();
    untold.setLength(0);
    onEvent.accept(
        switch (kind) {
          case TEXT -> new ToolEvent.Text(piece);
          case THINKING -> new ToolEvent.Thinking(piece);
          case ARGUMENTS -> new ToolEvent.Arguments(calls.size(), piece);
        });
  }

  private void add(Kind newKind, CharSequence piece) {
    if (kind != newKind) {
      flush();
      kind = newKind;
    }
    untold.append(piece);
  }

  ParsedAnswer answer() {
    return new ParsedAnswer(text.toString(), thinking.toString(), calls, unparsed);
  }
}
