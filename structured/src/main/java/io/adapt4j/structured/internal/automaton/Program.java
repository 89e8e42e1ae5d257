package io.adapt4j.structured.internal.automaton;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The states of an automaton with a stack. Immutable once it is built. */
final class Program {

  /** What is done in a state. */
  enum Kind {
    /** Reads a byte. */
    BYTES,
    /** Goes on in several states. */
    SPLIT,
    /** Goes to the first target and, when that returns, to the second. */
    CALL,
    /** Repeats the first target and goes on in the second. */
    LOOP,
    /** Goes on in the state on top of the stack. */
    RETURN
  }

  /** The state that returns. */
  static final int RETURN = 0;

  private static final int MOST_STATES = 400_000;

  private final List<Kind> kinds = new ArrayList<>();

  /** For BYTES: first byte, last byte and target of each range. */
  private final List<int[]> data = new ArrayList<>();

  private final byte[] classes = new byte[256];
  private int[] classBytes = {};
  private boolean[] singleByte = {};
  private int start;

  Program() {
    add(Kind.RETURN);
  }

  int add(Kind kind, int... values) {
    if (kinds.size() == MOST_STATES) {
      throw new TooLargeException(
          "the constraint needs more than "
              + MOST_STATES
              + " states; make repetitions, ranges or the schema smaller");
    }
    kinds.add(kind);
    data.add(values);
    return kinds.size() - 1;
  }

  void set(int state, int... values) {
    data.set(state, values);
  }

  Kind kind(int state) {
    return kinds.get(state);
  }

  int[] data(int state) {
    return data.get(state);
  }

  int size() {
    return kinds.size();
  }

  int start() {
    return start;
  }

  /** Ends the building: bytes that no state tells apart share a class. */
  Program begin(int first) {
    start = first;
    boolean[] cut = new boolean[257];
    for (int state = 0; state < size(); state++) {
      if (kind(state) == Kind.BYTES) {
        int[] ranges = data(state);
        for (int i = 0; i < ranges.length; i += 3) {
          cut[ranges[i]] = true;
          cut[ranges[i + 1] + 1] = true;
        }
      }
    }
    int number = 0;
    List<Integer> firsts = new ArrayList<>(List.of(0));
    for (int value = 1; value < 256; value++) {
      if (cut[value]) {
        number++;
        firsts.add(value);
      }
      classes[value] = (byte) number;
    }
    classBytes = firsts.stream().mapToInt(Integer::intValue).toArray();
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
