package io.adapt4j.tools;

import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tools by name, in order. */
final class Tools {

  private final Map<String, Tool> byName = new LinkedHashMap<>();

  Tools(Collection<Tool> tools) {
    for (Tool tool : tools) {
      if (byName.putIfAbsent(tool.name(), tool) != null) {
        throw new IllegalArgumentException("there are two tools called '" + tool.name() + "'");
      }
    }
  }

  boolean isEmpty() {
    return byName.isEmpty();
  }

  boolean has(String name) {
    return byName.containsKey(name);
  }

  /** Returns the tool that a call names, or null and notes the problem. */
  @Nullable Tool called(String name, AnswerBuilder answer) {
    Tool tool = byName.get(name);
    if (tool == null) {
      answer.problem(UnparsedCall.Reason.UNKNOWN_TOOL);
    }
    return tool;
  }

  List<Tool> all() {
    return List.copyOf(byName.values());
  }

  /** Returns the tool of a name, or throws an exception. */
  Tool require(String name) {
    Tool tool = byName.get(name);
    if (tool == null) {
      throw new IllegalArgumentException(
          "there is no tool called '" + name + "', only " + byName.keySet());
    }
    return tool;
  }
}
