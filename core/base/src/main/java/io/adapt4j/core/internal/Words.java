package io.adapt4j.core.internal;

import java.util.Arrays;
import java.util.Locale;

/** Text normalization and hashing for comparisons: letters and digits, in lower case. */
public final class Words {

  private static final long PRIME = 0x9E3779B97F4A7C15L;

  private Words() {}

  /** Reduces a text to its letters and digits, in lower case. */
  public static String normalized(String text) {
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

  /** Returns the character n-grams of a text. */
  public static long[] shingles(String text, int characters) {
    String words = normalized(text);
    int count = Math.max(1, words.length() - characters + 1);
    long[] hashes = new long[count];
    for (int i = 0; i < count; i++) {
      hashes[i] = hash(words, i, Math.min(words.length(), i + characters));
    }
    return distinct(hashes);
  }

  /** Returns hashes of the word n-grams of a text. */
  public static long[] sequences(String text, int length) {
    String words = normalized(text);
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

  /** Hashes a part of a text. */
  public static long hash(String text, int from, int to) {
    long hash = (long) to - from;
    for (int i = from; i < to; i++) {
      hash = (hash ^ text.charAt(i)) * PRIME;
      hash ^= hash >>> 29;
    }
    return mix(hash);
  }

  /** Mixes the bits of a number, as the finalizer of SplitMix64 does. */
  public static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** Sorts numbers and removes duplicates. */
  public static long[] distinct(long[] values) {
    Arrays.sort(values);
    int kept = 0;
    for (int i = 0; i < values.length; i++) {
      if (i == 0 || values[i] != values[i - 1]) {
        values[kept++] = values[i];
      }
    }
    return Arrays.copyOf(values, kept);
  }

  /** Returns the Jaccard similarity of two sets. */
  public static double jaccard(long[] a, long[] b) {
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
