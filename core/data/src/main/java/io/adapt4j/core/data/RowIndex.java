package io.adapt4j.core.data;

import java.util.Arrays;

/**
 * Index of the rows of a file: twelve bytes per row, or sixteen if several rows share a record,
 * each with its own entry and part number.
 */
final class RowIndex {

  private long[] offsets = new long[256];
  private int[] lengths = new int[256];
  private int[] parts = new int[0];
  private int size;

  void add(long offset, int length, int part) {
    if (size == offsets.length) {
      int capacity = Math.addExact(size, Math.max(256, size >> 1));
      offsets = Arrays.copyOf(offsets, capacity);
      lengths = Arrays.copyOf(lengths, capacity);
    }
    offsets[size] = offset;
    lengths[size] = length;
    if (part > 0) {
      if (parts.length <= size) {
        parts = Arrays.copyOf(parts, offsets.length);
      }
      parts[size] = part;
    }
    size++;
  }

  void trim() {
    offsets = Arrays.copyOf(offsets, size);
    lengths = Arrays.copyOf(lengths, size);
    parts = Arrays.copyOf(parts, Math.min(parts.length, size));
  }

  int size() {
    return size;
  }

  long offset(int row) {
    return offsets[row];
  }

  int length(int row) {
    return lengths[row];
  }

  int part(int row) {
    return row < parts.length ? parts[row] : 0;
  }
}
