package io.adapt4j.tools;

import java.util.Map;

/** What a tool does. */
@FunctionalInterface
public interface ToolFunction {

  /**
   * Runs the tool.
   *
   * @param arguments what the model calls it with: texts, numbers, booleans, null, lists and maps
   * @return the result, as the model is to read it
   */
  String call(Map<String, Object> arguments);
}
