package io.adapt4j.structured.internal.automaton;

import io.adapt4j.structured.internal.limit.Budget;
import java.util.Arrays;

/** The states of a pushdown automaton. Immutable once it is built. */
final class Program {

  /** Kinds of states. */
  enum Kind {
    /** Reads one of some ranges of bytes: first byte, last byte and target of each. */
    BYTES,
    /** Reads a byte and continues in the preceding state. */
    STEP,
    /** Continues in several states. */
    SPLIT,
    /** Goes to the first target and, when that returns, to the second. */
    CALL,
    /** Repeats the first target and continues in the second. */
    LOOP,
    /** Continues in the state on top of the stack. */
    RETURN
  }

  /** The state that returns. */
  static final int RETURN = 0;

  private final Budget budget = Budget.current();
  private Kind[] kinds = new Kind[64];

  /**
   * The byte of a STEP; for others the position of their values in the pool, after their number.
   */
  private int[] data = new int[64];

  private int size;
  private int[] pool = new int[256];
  private int used;

  private final byte[] classes = new byte[256];
  private int[] classBytes = {};
  private boolean[] singleByte = {};
  private int start;

  Program() {
    add(Kind.RETURN);
  }

  int add(Kind kind, int... values) {
    budget.states(1 + values.length);
    return add(kind, store(values));
  }

  private int add(Kind kind, int value) {
    if (size == kinds.length) {
      kinds = Arrays.copyOf(kinds, 2 * size);
      data = Arrays.copyOf(data, 2 * size);
    }
    kinds[size] = kind;
    data[size] = value;
    return size++;
  }

  /** Adds a state that reads a byte. */
  int addByte(int value, int target) {
    if (target == size - 1) {
      budget.states(1);
      return add(Kind.STEP, value);
    }
    return add(Kind.BYTES, value, value, target);
  }

  void set(int state, int... values) {
    budget.states(values.length);
    data[state] = store(values);
  }

  private int store(int... values) {
    if (used + values.length >= pool.length) {
      pool = Arrays.copyOf(pool, 2 * pool.length + values.length);
    }
    int place = used;
    pool[used++] = values.length;
    System.arraycopy(values, 0, pool, used, values.length);
    used += values.length;
    return place;
  }

  Kind kind(int state) {
    return kinds[state];
  }

  /** The number of values of a state other than STEP. */
  int count(int state) {
    return pool[data[state]];
  }

  /** A value of a state other than STEP. */
  int value(int state, int place) {
    return pool[data[state] + 1 + place];
  }

  /** The byte of a STEP. */
  int stepByte(int state) {
    return data[state];
  }

  /** Approximate memory in bytes. */
  long bytes() {
    return 8L * kinds.length + 4L * pool.length;
  }

  int start() {
    return start;
  }

  /** Completes the program: bytes that no state distinguishes share a class. */
  Program begin(int first) {
    start = first;
    kinds = Arrays.copyOf(kinds, size);
    data = Arrays.copyOf(data, size);
    pool = Arrays.copyOf(pool, used);
    boolean[] cut = new boolean[257];
    for (int state = 0; state < size; state++) {
      if (kind(state) == Kind.STEP) {
        cut[stepByte(state)] = true;
        cut[stepByte(state) + 1] = true;
      } else if (kind(state) == Kind.BYTES) {
        for (int i = 0; i < count(state); i += 3) {
          cut[value(state, i)] = true;
          cut[value(state, i + 1) + 1] = true;
        }
      }
    }
    int[] firsts = new int[256];
    int number = 0;
    for (int value = 1; value < 256; value++) {
      if (cut[value]) {
        firsts[++number] = value;
      }
      classes[value] = (byte) number;
    }
    classBytes = Arrays.copyOf(firsts, number + 1);
    singleByte = new boolean[classBytes.length];
    for (int i = 0; i < classBytes.length; i++) {
      int end = i + 1 < classBytes.length ? classBytes[i + 1] : 256;
      singleByte[i] = end - classBytes[i] == 1;
    }
    return this;
  }

  int classCount() {
    return classBytes.length;
  }

  int classOf(int value) {
    return classes[value] & 0xFF;
  }

  /** The classes of all bytes. */
  byte[] classes() {
    return Arrays.copyOf(classes, classes.length);
  }

  /** A byte of a class. */
  int byteOf(int number) {
    return classBytes[number];
  }

  boolean isSingleByte(int number) {
    return singleByte[number];
  }
}
