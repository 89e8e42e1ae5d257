package io.adapt4j.structured.internal.automaton;

import io.adapt4j.core.tokenize.TokenBytes;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.stream.IntStream;

/**
 * The tokens of a vocabulary by their bytes, as a tree in preorder: the node after a node is its
 * first child, and {@link #end} is the end of its subtree. Immutable.
 */
final class TokenTrie {

  private static final Map<TokenBytes, TokenTrie> KNOWN =
      Collections.synchronizedMap(new WeakHashMap<>());

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

  /**
   * Tokens of characters that need no escape in a JSON string, possibly with an incomplete last
   * one.
   */
  final BitSet plain;

  /** Whether a subtree has tokens with other bytes. */
  final boolean[] mixed;

  private TokenTrie(TokenBytes vocabulary) {
    int[] ids =
        IntStream.range(0, vocabulary.size())
            .filter(id -> vocabulary.length(id) > 0 && vocabulary.length(id) < Short.MAX_VALUE)
            .boxed()
            .sorted((a, b) -> Arrays.compareUnsigned(vocabulary.bytes(a), vocabulary.bytes(b)))
            .mapToInt(Integer::intValue)
            .toArray();
    int most = IntStream.of(ids).map(vocabulary::length).sum();
    byte[] values = new byte[most];
    short[] depths = new short[most];
    int[] tokens = new int[most];
    int[] ends = new int[most];
    same = new int[vocabulary.size()];
    Arrays.fill(same, -1);
    int longest = IntStream.of(ids).map(vocabulary::length).max().orElse(0);
    int[] path = new int[longest + 1];
    byte[] before = {};
    int size = 0;
    int last = -1;
    for (int id : ids) {
      byte[] bytes = vocabulary.bytes(id);
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
    plain = new BitSet();
    mixed = new boolean[size];
    findPlain();
  }

  private void findPlain() {
    int[] states = new int[deepest + 1];
    int[] path = new int[deepest + 1];
    for (int node = 0; node < size(); node++) {
      int level = depth[node];
      states[level] = PlainText.after(states[level - 1], value[node] & 0xFF);
      path[level] = node;
      if (token[node] >= 0 && states[level] == PlainText.OTHER) {
        for (int above = 1; above <= level; above++) {
          mixed[path[above]] = true;
        }
      }
      for (int id = token[node]; id >= 0 && states[level] != PlainText.OTHER; id = same[id]) {
        plain.set(id);
      }
    }
  }

  /** Returns the tree of a vocabulary, cached as long as the vocabulary exists. */
  static TokenTrie of(TokenBytes vocabulary) {
    return KNOWN.computeIfAbsent(vocabulary, TokenTrie::new);
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
