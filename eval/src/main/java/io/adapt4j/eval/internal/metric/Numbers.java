package io.adapt4j.eval.internal.metric;

import java.util.Arrays;

/** A growing list of numbers, eight bytes each. */
public final class Numbers {
  private static final int FIRST = 64;

  private double[] values = new double[FIRST];
  private int size;

  public void add(double value) {
    reserve(1);
    values[size++] = value;
  }

  public void addAll(Numbers other) {
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

  public int size() {
    return size;
  }

  public double get(int i) {
    return values[i];
  }

  public double[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
