package io.adapt4j.eval.metric;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Counts of runs of n units in a sequence. */
final class NGrams {

  private NGrams() {}

  static Map<List<String>, Integer> ofWords(List<String> words, int n) {
    Map<List<String>, Integer> counts = new HashMap<>();
    for (int i = 0; i + n <= words.size(); i++) {
      counts.merge(words.subList(i, i + n), 1, Integer::sum);
    }
    return counts;
  }

  static Map<String, Integer> ofCharacters(int[] codePoints, int n) {
    Map<String, Integer> counts = new HashMap<>();
    for (int i = 0; i + n <= codePoints.length; i++) {
      counts.merge(new String(codePoints, i, n), 1, Integer::sum);
    }
    return counts;
  }

  /** How many runs two counts share, each counted as often as in the poorer of them. */
  static <K> long overlap(Map<K, Integer> some, Map<K, Integer> others) {
    long shared = 0;
    for (Map.Entry<K, Integer> entry : some.entrySet()) {
      shared += Math.min(entry.getValue(), others.getOrDefault(entry.getKey(), 0));
    }
    return shared;
  }

  static long total(Map<?, Integer> counts) {
    return counts.values().stream().mapToLong(Integer::longValue).sum();
  }
}
