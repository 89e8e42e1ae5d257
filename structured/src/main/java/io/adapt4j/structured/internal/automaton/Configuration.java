package io.adapt4j.structured.internal.automaton;

import io.adapt4j.core.generate.TokenMask;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * All readings of a text so far: states that read a byte, each with its stack, and whether the text
 * may end. Data about what follows is computed lazily.
 */
final class Configuration {

  final int[] states;
  final @Nullable Stack[] stacks;
  final boolean mayEnd;

  /** Classes of bytes that may follow. */
  final BitSet live;

  /** The configuration after each class of bytes; null if not computed yet. */
  final @Nullable Configuration[] next;

  /** The tokens that may follow; computed lazily. */
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

  /** Identity of a configuration: states and the ids of their stacks, in order. */
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
