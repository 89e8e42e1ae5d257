package io.adapt4j.eval.metric;

import java.util.Arrays;

/** A growing list of numbers, eight bytes each. */
final class Numbers {
  private static final int FIRST = 64;

  private double[] values = new double[FIRST];
  private int size;

  void add(double value) {
    reserve(1);
    values[size++] = value;
  }

  void addAll(Numbers other) {
    double[] added = other.toArray();
    reserve(added.length);
    System.arraycopy(added, 0, values, size, added.length);
    size += added.length;
  }

  private void reserve(int more) {
    int needed = Math.addExact(size, more);
    if (needed > values.length) {
      values = Arrays.copyOf(values, (int) Math.max(needed, Math.min(2L * size, 1 << 30)));
    }
  }

  int size() {
    return size;
  }

  double get(int i) {
    return values[i];
  }

  double[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
