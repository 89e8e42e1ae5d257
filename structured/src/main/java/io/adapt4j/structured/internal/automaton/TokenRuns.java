package io.adapt4j.structured.internal.automaton;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The tokens of a vocabulary by the number of characters of a kind that they begin with. Where a
 * text takes such characters whichever they are, those without other bytes need no walk, and of the
 * rest only what comes after them does. Thread-safe.
 */
final class TokenRuns {

  private final TokenTrie trie;
  private final RunKind kind;

  /** By number of characters: the tokens of so many, of which the last may be incomplete. */
  private final List<BitSet> whole = new ArrayList<>();

  /** By number of characters: the other bytes of tokens with so many before them. */
  private final List<TokenTrie> rests = new ArrayList<>();

  private final Map<Integer, BitSet> wholeFrom = new HashMap<>();
  private final Map<Integer, TokenTrie> restsFrom = new HashMap<>();

  TokenRuns(TokenTrie trie, RunKind kind) {
    this.trie = trie;
    this.kind = kind;
    List<List<TokenTrie.Entry>> entries = new ArrayList<>();
    collect(
        (characters, rest, id) -> {
          while (entries.size() <= characters) {
            entries.add(new ArrayList<>());
            whole.add(new BitSet());
          }
          if (rest.length == 0) {
            whole.get(characters).set(id);
          } else {
            entries.get(characters).add(new TokenTrie.Entry(rest, id));
          }
        });
    int[] same = TokenTrie.noneSame(trie.same.length);
    entries.forEach(some -> rests.add(new TokenTrie(some, same)));
  }

  /** Receives a token: its characters of the kind, and its bytes after them. */
  private interface Receiver {
    void token(int characters, byte[] rest, int id);
  }

  private void collect(Receiver receiver) {
    int[] states = new int[trie.deepest + 1];
    int[] counts = new int[trie.deepest + 1];
    // Where the last complete character ends, once another byte has come.
    int[] ends = new int[trie.deepest + 1];
    byte[] path = new byte[trie.deepest];
    for (int node = 0; node < trie.size(); node++) {
      int level = trie.depth[node];
      int before = states[level - 1];
      path[level - 1] = trie.value[node];
      states[level] = kind.after(before, trie.value[node] & 0xFF);
      counts[level] = counts[level - 1];
      ends[level] = ends[level - 1];
      if (states[level] == PlainText.BETWEEN) {
        counts[level]++;
        ends[level] = level;
      }
      boolean isWhole = states[level] != PlainText.OTHER;
      int characters = counts[level] + (states[level] > PlainText.BETWEEN ? 1 : 0);
      byte[] rest = isWhole ? new byte[0] : Arrays.copyOfRange(path, ends[level], level);
      for (int id = trie.token[node]; id >= 0; id = trie.same[id]) {
        receiver.token(characters, rest, id);
      }
    }
  }

  /** Returns the most characters that a token begins with. */
  int most() {
    return whole.size() - 1;
  }

  /** Returns the tokens of so many characters and nothing else. */
  BitSet whole(int characters) {
    return whole.get(characters);
  }

  /** Returns what follows so many characters in tokens that do not end with them. */
  TokenTrie rests(int characters) {
    return rests.get(characters);
  }

  /** Returns the tokens of at least so many characters and nothing else. */
  synchronized BitSet wholeFrom(int characters) {
    return wholeFrom.computeIfAbsent(
        characters,
        least -> {
          BitSet all = new BitSet();
          whole.subList(least, whole.size()).forEach(all::or);
          return all;
        });
  }

  /** Returns what follows at least so many characters in tokens that do not end with them. */
  synchronized TokenTrie restsFrom(int characters) {
    return restsFrom.computeIfAbsent(
        characters,
        least -> {
          List<TokenTrie.Entry> entries = new ArrayList<>();
          collect(
              (count, rest, id) -> {
                if (count >= least && rest.length > 0) {
                  entries.add(new TokenTrie.Entry(rest, id));
                }
              });
          return new TokenTrie(entries, TokenTrie.noneSame(trie.same.length));
        });
  }
}
