package io.adapt4j.tools;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** What a listener of events knows of an answer, and whether it was told in order. */
final class Heard implements Consumer<ToolEvent> {

  final StringBuilder text = new StringBuilder();
  final StringBuilder thinking = new StringBuilder();
  final List<String> calls = new ArrayList<>();
  final List<ToolEvent> events = new ArrayList<>();
  private final StringBuilder arguments = new StringBuilder();
  private ToolEvent.CallBegun open;

  @Override
  public void accept(ToolEvent event) {
    events.add(event);
    if (event instanceof ToolEvent.Text more) {
      require(open == null && !more.text().isEmpty());
      text.append(more.text());
    } else if (event instanceof ToolEvent.Thinking more) {
      require(open == null && !more.text().isEmpty());
      thinking.append(more.text());
    } else if (event instanceof ToolEvent.CallBegun begun) {
      require(open == null && begun.index() == calls.size());
      open = begun;
      arguments.setLength(0);
    } else if (event instanceof ToolEvent.Arguments more) {
      require(open != null && more.index() == calls.size());
      arguments.append(more.json());
    } else if (event instanceof ToolEvent.CallComplete complete) {
      require(complete.index() == calls.size());
      require(complete.call().arguments().contentEquals(arguments));
      require(complete.call().name().equals(open.name()) && complete.call().id().equals(open.id()));
      calls.add(complete.call().name() + complete.call().arguments());
      open = null;
    } else if (event instanceof ToolEvent.CallDropped dropped) {
      require(open != null && dropped.index() == calls.size());
      open = null;
    }
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalStateException("events out of order");
    }
  }

  /** All of it, to compare; ids are random. */
  String summary() {
    return thinking + "|" + text + "|" + calls;
  }

  static String summary(ParsedAnswer answer) {
    return answer.thinking()
        + "|"
        + answer.text()
        + "|"
        + answer.calls().stream().map(call -> call.name() + call.arguments()).toList();
  }
}
