package io.adapt4j.structured.internal.automaton;

import io.adapt4j.core.tokenize.TokenBytes;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.stream.IntStream;

/** The tokens of a vocabulary by their bytes, in all forms that masks need. Thread-safe. */
final class VocabularyIndex {

  private static final Map<TokenBytes, VocabularyIndex> KNOWN =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final TokenTrie trie;

  /** Tokens by the run that they begin with, of each kind; computed lazily. */
  private final Map<RunKind, TokenRuns> runs = new EnumMap<>(RunKind.class);

  private VocabularyIndex(TokenBytes vocabulary) {
    this.trie =
        new TokenTrie(
            IntStream.range(0, vocabulary.size())
                .filter(id -> vocabulary.length(id) > 0 && vocabulary.length(id) < Short.MAX_VALUE)
                .mapToObj(id -> new TokenTrie.Entry(vocabulary.bytes(id), id))
                .toList(),
            TokenTrie.noneSame(vocabulary.size()));
  }

  /** Returns the index of a vocabulary, cached as long as the vocabulary exists. */
  static VocabularyIndex of(TokenBytes vocabulary) {
    return KNOWN.computeIfAbsent(vocabulary, VocabularyIndex::new);
  }

  /** Returns all tokens. */
  TokenTrie trie() {
    return trie;
  }

  /** Returns the tokens by the run of a kind that they begin with. */
  TokenRuns runs(RunKind kind) {
    synchronized (runs) {
      return runs.computeIfAbsent(kind, wanted -> new TokenRuns(trie, wanted));
    }
  }
}
