package io.adapt4j.structured.internal.automaton;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The tokens of a vocabulary by their bytes, as a tree in preorder: the node after a node is its
 * first child, and {@link #end} is the end of its subtree. Immutable.
 */
final class TokenTrie {

  /** The byte that leads to a node. */
  final byte[] value;

  /** The depth of a node in bytes. */
  final short[] depth;

  /** The node after the last of a node's subtree. */
  final int[] end;

  /** A token of these bytes, or -1. */
  final int[] token;

  /** Another token of the same bytes as a token, or -1. */
  final int[] same;

  final int deepest;

  /** A token to add: its bytes, at least one. */
  static final class Entry {
    private final byte[] bytes;
    private final int id;

    Entry(byte[] bytes, int id) {
      this.bytes = bytes;
      this.id = id;
    }
  }

  /**
   * Creates a tree.
   *
   * @param same receives tokens of the same bytes; trees without common tokens can share it
   */
  TokenTrie(List<Entry> entries, int[] same) {
    List<Entry> sorted = new ArrayList<>(entries);
    sorted.sort((a, b) -> Arrays.compareUnsigned(a.bytes, b.bytes));
    int most = sorted.stream().mapToInt(entry -> entry.bytes.length).sum();
    this.same = same;
    byte[] values = new byte[most];
    short[] depths = new short[most];
    int[] tokens = new int[most];
    int[] ends = new int[most];
    int longest = sorted.stream().mapToInt(entry -> entry.bytes.length).max().orElse(0);
    int[] path = new int[longest + 1];
    byte[] before = {};
    int size = 0;
    int last = -1;
    for (Entry entry : sorted) {
      byte[] bytes = entry.bytes;
      int id = entry.id;
      int common = Arrays.mismatch(before, bytes);
      if (common < 0) {
        same[id] = last;
        last = id;
        tokens[size - 1] = id;
        continue;
      }
      for (int d = common; d < before.length; d++) {
        ends[path[d]] = size;
      }
      for (int d = common; d < bytes.length; d++) {
        values[size] = bytes[d];
        depths[size] = (short) (d + 1);
        tokens[size] = d == bytes.length - 1 ? id : -1;
        path[d] = size++;
      }
      before = bytes;
      last = id;
    }
    for (int d = 0; d < before.length; d++) {
      ends[path[d]] = size;
    }
    value = Arrays.copyOf(values, size);
    depth = Arrays.copyOf(depths, size);
    token = Arrays.copyOf(tokens, size);
    end = Arrays.copyOf(ends, size);
    deepest = longest;
  }

  /** Returns a table for a number of tokens none of which has the bytes of another. */
  static int[] noneSame(int size) {
    int[] none = new int[size];
    Arrays.fill(none, -1);
    return none;
  }

  int size() {
    return value.length;
  }

  /** Returns the child of a node, or of the root for -1; -1 if there is none. */
  int child(int node, byte next) {
    int to = node < 0 ? size() : end[node];
    for (int child = node + 1; child < to; child = end[child]) {
      if (value[child] == next) {
        return child;
      }
    }
    return -1;
  }
}
