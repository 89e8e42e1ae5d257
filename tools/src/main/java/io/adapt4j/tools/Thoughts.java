package io.adapt4j.tools;

import java.util.List;

/** Markers around the thoughts of a model. */
record Thoughts(String open, String close) {

  static final Thoughts COMMON = new Thoughts("<think>", "</think>");

  private static final Thoughts GEMMA = new Thoughts("<|channel>thought", "<channel|>");
  private static final Thoughts COMMAND_R = new Thoughts("<|START_THINKING|>", "<|END_THINKING|>");

  static final List<Thoughts> ALL = List.of(COMMON, GEMMA, COMMAND_R);

  static Thoughts of(ToolFormat format) {
    return switch (format) {
      case GEMMA -> GEMMA;
      case COMMAND_R -> COMMAND_R;
      default -> COMMON;
    };
  }
}
