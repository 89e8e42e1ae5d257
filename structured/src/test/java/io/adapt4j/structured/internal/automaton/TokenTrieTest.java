package io.adapt4j.structured.internal.automaton;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.tokenize.TokenBytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A tree of random tokens, several of the same bytes and one without any. */
class TokenTrieTest {

  private static final int[] ALPHABET = {'a', 'b', '"', 0xC3, 0xA4, 0xE2, 0x82, 0xAC, 7};

  private final TokenBytes tokens = tokens();
  private final VocabularyIndex index = VocabularyIndex.of(tokens);
  private final TokenTrie trie = index.trie();

  private static TokenBytes tokens() {
    SplittableRandom random = new SplittableRandom(5);
    List<byte[]> all = new ArrayList<>(List.of(new byte[0]));
    for (int i = 0; i < 400; i++) {
      byte[] bytes = new byte[1 + random.nextInt(6)];
      for (int at = 0; at < bytes.length; at++) {
        bytes[at] = (byte) ALPHABET[random.nextInt(ALPHABET.length)];
      }
      all.add(bytes);
    }
    all.add(all.get(1));
    all.add(all.get(1));
    return TokenBytes.of(all);
  }

  private int node(byte[] bytes) {
    int node = -1;
    for (byte value : bytes) {
      node = trie.child(node, value);
      assertThat(node).isNotNegative();
      assertThat(trie.value[node]).isEqualTo(value);
    }
    return node;
  }

  private List<Integer> idsAt(int node) {
    List<Integer> ids = new ArrayList<>();
    for (int id = trie.token[node]; id >= 0; id = trie.same[id]) {
      ids.add(id);
    }
    return ids;
  }

  @Test
  void everyTokenEndsAtItsNode() {
    int longest = 0;
    for (int id = 1; id < tokens.size(); id++) {
      int node = node(tokens.bytes(id));
      assertThat(trie.depth[node]).isEqualTo((short) tokens.length(id));
      assertThat(idsAt(node)).contains(id);
      longest = Math.max(longest, tokens.length(id));
    }
    assertThat(trie.deepest).isEqualTo(longest);
    assertThat(idsAt(node(tokens.bytes(1)))).hasSizeGreaterThanOrEqualTo(3).doesNotHaveDuplicates();
  }

  @Test
  void nodesHoldNoOtherTokens() {
    int count = 0;
    for (int node = 0; node < trie.size(); node++) {
      for (int id : idsAt(node)) {
        assertThat(node(tokens.bytes(id))).isEqualTo(node);
        count++;
      }
    }
    assertThat(count).as("all but the empty one").isEqualTo(tokens.size() - 1);
  }

  @Test
  void aSubtreeIsWhatFollowsDeeper() {
    for (int node = 0; node < trie.size(); node++) {
      int end = node + 1;
      while (end < trie.size() && trie.depth[end] > trie.depth[node]) {
        end++;
      }
      assertThat(trie.end[node]).isEqualTo(end);
      assertThat(trie.child(node, (byte) 1)).isEqualTo(-1);
    }
    assertThat(trie.child(-1, (byte) 1)).isEqualTo(-1);
  }

  /** The tokens of a tree and its bytes, in front of which come others. */
  private static Map<Integer, String> texts(TokenTrie tree) {
    Map<Integer, String> texts = new HashMap<>();
    byte[] path = new byte[tree.deepest];
    for (int node = 0; node < tree.size(); node++) {
      path[tree.depth[node] - 1] = tree.value[node];
      for (int id = tree.token[node]; id >= 0; id = tree.same[id]) {
        texts.put(id, new String(path, 0, tree.depth[node], StandardCharsets.ISO_8859_1));
      }
    }
    return texts;
  }

  @Test
  void runsAreTheCharactersOfAKindThatTokensBeginWith() {
    TokenRuns runs = index.runs(RunKind.PLAIN);
    BitSet seen = new BitSet();
    for (int id = 1; id < tokens.size(); id++) {
      byte[] bytes = tokens.bytes(id);
      int characters = 0;
      int state = PlainText.BETWEEN;
      int end = 0;
      for (int at = 0; at < bytes.length && state != PlainText.OTHER; at++) {
        state = PlainText.after(state, bytes[at] & 0xFF);
        end = state == PlainText.BETWEEN ? at + 1 : end;
        characters += state == PlainText.BETWEEN ? 1 : 0;
      }
      if (state == PlainText.OTHER) {
        String rest = new String(bytes, end, bytes.length - end, StandardCharsets.ISO_8859_1);
        assertThat(texts(runs.rests(characters))).containsEntry(id, rest);
        assertThat(texts(runs.restsFrom(characters))).containsEntry(id, rest);
        assertThat(texts(runs.restsFrom(characters + 1))).doesNotContainKey(id);
      } else {
        characters += state > PlainText.BETWEEN ? 1 : 0;
        assertThat(runs.whole(characters).get(id)).as("token %d", id).isTrue();
        assertThat(runs.wholeFrom(characters).get(id)).isTrue();
        assertThat(runs.wholeFrom(characters + 1).get(id)).isFalse();
      }
      seen.set(id);
    }
    int all = 0;
    for (int characters = 0; characters <= runs.most(); characters++) {
      all += runs.whole(characters).cardinality() + texts(runs.rests(characters)).size();
    }
    assertThat(all).isEqualTo(seen.cardinality());
  }

  @Test
  void aVocabularyHasOneIndex() {
    assertThat(VocabularyIndex.of(tokens)).isSameAs(index);
  }
}
