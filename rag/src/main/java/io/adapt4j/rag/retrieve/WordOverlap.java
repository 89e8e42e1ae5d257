package io.adapt4j.rag.retrieve;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Inverse document frequencies of words in sample passages, and the share of a question's words
 * that a passage has. Words are compared by their beginnings, so that no language's endings need to
 * be known.
 */
final class WordOverlap {

  private static final String UNSPACED = "[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}]";
  private static final Pattern WORD =
      Pattern.compile(UNSPACED + "|(?:(?!" + UNSPACED + ")[\\p{L}\\p{M}\\p{N}])+");
  private static final int STEM = 6;

  private final Map<String, Integer> passagesWith = new HashMap<>();
  private final int passages;

  WordOverlap(Collection<String> samples) {
    samples.forEach(
        sample -> stems(sample).forEach(stem -> passagesWith.merge(stem, 1, Integer::sum)));
    passages = samples.size();
  }

  /** The first letters of each word. */
  static Set<String> stems(String text) {
    Set<String> stems = new HashSet<>();
    Matcher words = WORD.matcher(text.toLowerCase(Locale.ROOT));
    while (words.find()) {
      String word = words.group();
      stems.add(word.substring(0, word.offsetByCodePoints(0, Math.min(STEM, length(word)))));
    }
    return stems;
  }

  private static int length(String word) {
    return word.codePointCount(0, word.length());
  }

  /**
   * The share, weighted by inverse document frequency, of a question's words that stand in a
   * passage. It counts one word more that stands nowhere: a single common word says little.
   */
  double share(Set<String> question, Set<String> passage) {
    double all = weight(0);
    double shared = 0;
    for (String stem : question) {
      double weight = weight(passagesWith.getOrDefault(stem, 0));
      all += weight;
      shared += passage.contains(stem) ? weight : 0;
    }
    return shared / all;
  }

  /** The inverse document frequency of BM25. */
  private double weight(int count) {
    return Math.log(1 + (passages - count + 0.5) / (count + 0.5));
  }
}
