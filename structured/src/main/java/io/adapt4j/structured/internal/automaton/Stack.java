package io.adapt4j.structured.internal.automaton;

import org.jspecify.annotations.Nullable;

/**
 * States to return to, the latest first. Equal ones are the same object within a {@link Machine}.
 *
 * @param below the rest, or null
 */
record Stack(int id, int state, int count, @Nullable Stack below) {

  /** What tells stacks apart. */
  record Key(int state, int count, int below) {}

  static int idOf(@Nullable Stack stack) {
    return stack == null ? -1 : stack.id;
  }
}
