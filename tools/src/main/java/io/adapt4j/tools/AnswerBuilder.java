package io.adapt4j.tools;

import java.util.ArrayList;
import java.util.List;
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
      drop();
      return false;
    }
    calls.add(call);
    id = null;
    onEvent.accept(new ToolEvent.CallComplete(calls.size() - 1, call));
    return true;
  }

  /** Drops the current call, if there is one. */
  void drop() {
    if (id != null) {
      flush();
      id = null;
      onEvent.accept(new ToolEvent.CallDropped(calls.size()));
    }
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
    return new ParsedAnswer(text.toString(), thinking.toString(), calls);
  }
}
