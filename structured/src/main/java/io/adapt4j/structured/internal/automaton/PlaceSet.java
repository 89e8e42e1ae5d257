package io.adapt4j.structured.internal.automaton;

import java.util.Arrays;

/** A set of numbers that can be cleared at no cost. Not thread-safe. */
final class PlaceSet {

  private long[] keys = new long[256];

  /** The round in which a slot was taken. */
  private int[] rounds = new int[256];

  private int round = 1;
  private int size;

  void clear() {
    size = 0;
    if (++round == Integer.MAX_VALUE) {
      Arrays.fill(rounds, 0);
      round = 1;
    }
  }

  int size() {
    return size;
  }

  /** Adds a number; returns whether it is new. */
  boolean add(long key) {
    if (2 * size >= keys.length) {
      grow();
    }
    int slot = slot(key);
    if (rounds[slot] == round) {
      return false;
    }
    rounds[slot] = round;
    keys[slot] = key;
    size++;
    return true;
  }

  /** Returns the slot of a number, or a free one for it. */
  private int slot(long key) {
    long mixed = key * 0x9E3779B97F4A7C15L;
    int slot = (int) (mixed >>> 40) & (keys.length - 1);
    while (rounds[slot] == round && keys[slot] != key) {
      slot = (slot + 1) & (keys.length - 1);
    }
    return slot;
  }

  private void grow() {
    long[] before = keys;
    int[] taken = rounds;
    keys = new long[2 * before.length];
    rounds = new int[2 * before.length];
    for (int i = 0; i < before.length; i++) {
      if (taken[i] == round) {
        int slot = slot(before[i]);
        rounds[slot] = round;
        keys[slot] = before[i];
      }
    }
  }
}
