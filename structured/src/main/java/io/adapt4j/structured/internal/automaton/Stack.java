package io.adapt4j.structured.internal.automaton;

import org.jspecify.annotations.Nullable;

/**
 * Return states, the latest first; the rest below is null at the bottom. Equal stacks are the same
 * object within a {@link Machine}.
 */
record Stack(int id, int state, int count, @Nullable Stack below) {

  /** Identity of a stack. */
  record Key(int state, int count, int below) {}

  static int idOf(@Nullable Stack stack) {
    return stack == null ? -1 : stack.id;
  }
}
