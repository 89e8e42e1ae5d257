package io.adapt4j.tools;

import java.util.Map;

/** Implementation of a tool. */
@FunctionalInterface
public interface ToolFunction {

  /**
   * Runs the tool.
   *
   * @param arguments arguments of the call: texts, numbers, booleans, null, lists and maps
   * @return the result for the model
   */
  String call(Map<String, Object> arguments);
}
