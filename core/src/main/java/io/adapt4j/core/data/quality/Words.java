package io.adapt4j.core.data.quality;

import java.util.Arrays;
import java.util.Locale;

/** Texts as what matters for comparison: letters and digits, in lower case. */
final class Words {

  private static final long PRIME = 0x9E3779B97F4A7C15L;

  private Words() {}

  /** Words with one space between them. */
  static String normalised(String text) {
    StringBuilder words = new StringBuilder(text.length());
    boolean space = false;
    String lower = text.toLowerCase(Locale.ROOT);
    for (int i = 0; i < lower.length(); ) {
      int c = lower.codePointAt(i);
      i += Character.charCount(c);
      if (Character.isLetterOrDigit(c)) {
        if (space && words.length() > 0) {
          words.append(' ');
        }
        words.appendCodePoint(c);
        space = false;
      } else {
        space = true;
      }
    }
    return words.toString();
  }

  /** Hashes of the pieces of some characters of a text, sorted, each once. */
  static long[] shingles(String text, int characters) {
    String words = normalised(text);
    int count = Math.max(1, words.length() - characters + 1);
    long[] hashes = new long[count];
    for (int i = 0; i < count; i++) {
      hashes[i] = hash(words, i, Math.min(words.length(), i + characters));
    }
    return distinct(hashes);
  }

  /**
   * Hashes of the sequences of some words of a text, in order; of a shorter text, of all its words.
   */
  static long[] sequences(String text, int length) {
    String words = normalised(text);
    if (words.isEmpty()) {
      return new long[0];
    }
    int[] starts = starts(words);
    if (starts.length <= length) {
      return new long[] {hash(words, 0, words.length())};
    }
    long[] hashes = new long[starts.length - length + 1];
    for (int i = 0; i < hashes.length; i++) {
      int end = i + length < starts.length ? starts[i + length] - 1 : words.length();
      hashes[i] = hash(words, starts[i], end);
    }
    return hashes;
  }

  private static int[] starts(String words) {
    int[] starts = new int[words.length() / 2 + 1];
    int count = 1;
    for (int i = 0; i < words.length(); i++) {
      if (words.charAt(i) == ' ') {
        starts[count++] = i + 1;
      }
    }
    return Arrays.copyOf(starts, count);
  }

  static long hash(String text, int from, int to) {
    long hash = (long) to - from;
    for (int i = from; i < to; i++) {
      hash = (hash ^ text.charAt(i)) * PRIME;
      hash ^= hash >>> 29;
    }
    return mix(hash);
  }

  /** The finaliser of SplitMix64. */
  static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  static long[] distinct(long[] values) {
    Arrays.sort(values);
    int kept = 0;
    for (int i = 0; i < values.length; i++) {
      if (i == 0 || values[i] != values[i - 1]) {
        values[kept++] = values[i];
      }
    }
    return Arrays.copyOf(values, kept);
  }

  /** What two sorted sets share of what they have together. */
  static double jaccard(long[] a, long[] b) {
    int shared = 0;
    for (int i = 0, j = 0; i < a.length && j < b.length; ) {
      if (a[i] == b[j]) {
        shared++;
        i++;
        j++;
      } else if (a[i] < b[j]) {
        i++;
      } else {
        j++;
      }
    }
    int together = a.length + b.length - shared;
    return together == 0 ? 1 : (double) shared / together;
  }
}
