package io.adapt4j.structured.internal.automaton;

import io.adapt4j.core.generate.TokenMask;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a text so far can be the beginning of: states that read a byte, each with its
 * stack, and whether the text may end. What follows is filled in when it is first asked for.
 */
final class Configuration {

  final int[] states;
  final @Nullable Stack[] stacks;
  final boolean mayEnd;

  /** Classes of bytes that may follow. */
  final BitSet live;

  /** The configuration after each class of bytes; null where it is not known yet. */
  final @Nullable Configuration[] next;

  /** The tokens that may follow, once they were asked for. */
  volatile @Nullable TokenMask mask;

  Configuration(int[] states, @Nullable Stack[] stacks, boolean mayEnd, BitSet live, int classes) {
    this.states = states;
    this.stacks = stacks;
    this.mayEnd = mayEnd;
    this.live = live;
    this.next = new @Nullable Configuration[classes];
  }

  boolean isDead() {
    return states.length == 0 && !mayEnd;
  }

  /** What tells configurations apart: states and the ids of their stacks, in order. */
  static final class Key {
    private final int[] values;

    Key(int[] values) {
      this.values = values;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key key && Arrays.equals(values, key.values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }
  }
}
