package io.adapt4j.rag.retrieve;

import java.lang.Character.UnicodeScript;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Inverse document frequencies of words in sample passages, and the fraction of a question's words
 * in a passage. Words are compared by their prefixes, which needs no language-specific stemming.
 */
final class WordOverlap {

  private static final int STEM = 6;

  /** The first character of CJK Radicals: no Chinese or Japanese letter is before it. */
  private static final int FIRST_UNSPACED = 0x2E80;

  private final Map<String, Integer> passagesWith = new HashMap<>();
  private final int passages;

  WordOverlap(Collection<String> samples) {
    samples.forEach(
        sample -> stems(sample).forEach(stem -> passagesWith.merge(stem, 1, Integer::sum)));
    passages = samples.size();
  }

  /** Returns the prefix of each word. In scripts without spaces, each character is a word. */
  static Set<String> stems(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    Set<String> stems = new HashSet<>();
    StringBuilder stem = new StringBuilder();
    int letters = 0;
    for (int i = 0; i < lower.length(); ) {
      int character = lower.codePointAt(i);
      i += Character.charCount(character);
      boolean unspaced = isUnspaced(character);
      boolean inside = isPartOfWord(character) && !unspaced;
      if (inside && letters++ < STEM) {
        stem.appendCodePoint(character);
      } else if (!inside) {
        add(stems, stem);
        letters = 0;
      }
      if (unspaced) {
        stems.add(Character.toString(character));
      }
    }
    add(stems, stem);
    return stems;
  }

  private static void add(Set<String> stems, StringBuilder stem) {
    if (stem.length() > 0) {
      stems.add(stem.toString());
      stem.setLength(0);
    }
  }

  private static boolean isPartOfWord(int character) {
    int type = Character.getType(character);
    return Character.isLetterOrDigit(character)
        || type == Character.NON_SPACING_MARK
        || type == Character.COMBINING_SPACING_MARK;
  }

  private static boolean isUnspaced(int character) {
    if (character < FIRST_UNSPACED || !Character.isLetter(character)) {
      return false;
    }
    UnicodeScript script = UnicodeScript.of(character);
    return script == UnicodeScript.HAN
        || script == UnicodeScript.HIRAGANA
        || script == UnicodeScript.KATAKANA;
  }

  /**
   * Returns the IDF-weighted fraction of a question's words that occur in a passage. An extra word
   * that occurs nowhere is counted, since a single common word says little.
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

  /** Returns the inverse document frequency of BM25. */
  private double weight(int count) {
    return Math.log(1 + (passages - count + 0.5) / (count + 0.5));
  }
}
