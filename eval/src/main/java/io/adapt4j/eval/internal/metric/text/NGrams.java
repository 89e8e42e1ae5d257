package io.adapt4j.eval.internal.metric.text;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.Multiset;
import java.util.List;

/** Counts of the n-grams of a sequence. */
public final class NGrams {

  private NGrams() {}

  public static Multiset<List<String>> ofWords(List<String> words, int n) {
    Multiset<List<String>> grams = HashMultiset.create();
    for (int i = 0; i + n <= words.size(); i++) {
      grams.add(words.subList(i, i + n));
    }
    return grams;
  }

  public static Multiset<String> ofCharacters(int[] codePoints, int n) {
    Multiset<String> grams = HashMultiset.create();
    for (int i = 0; i + n <= codePoints.length; i++) {
      grams.add(new String(codePoints, i, n));
    }
    return grams;
  }

  /** Counts the n-grams that two sequences share, each with the smaller of its counts. */
  public static long overlap(Multiset<?> some, Multiset<?> others) {
    return some.entrySet().stream()
        .mapToLong(entry -> Math.min(entry.getCount(), others.count(entry.getElement())))
        .sum();
  }
}
