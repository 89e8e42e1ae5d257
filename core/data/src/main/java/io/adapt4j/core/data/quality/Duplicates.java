package io.adapt4j.core.data.quality;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.Words;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Finds exact and near duplicates of earlier rows.
 *
 * <p>Near duplicates are found by MinHash with locality-sensitive hashing (Broder 1997; Leskovec,
 * Rajaraman, Ullman, Mining of Massive Datasets, chapter 3): character 5-grams, 120 hash functions
 * in 20 bands of 6. Two texts of Jaccard similarity s share a band with probability 1 - (1 -
 * s^6)^20: 0.998 at 0.8, 0.92 at 0.7. Rows that share a band are compared exactly, so there are no
 * false positives. It takes 160 bytes per row.
 */
final class Duplicates {

  private static final int PIECE = 5;
  private static final int BANDS = 20;
  private static final int ROWS_OF_BAND = 6;

  /** Maximum number of different rows of a band that a row is compared with. */
  private static final int MOST_COMPARED = 16;

  private static final long SEED = 0x5EED;

  private Duplicates() {}

  /** Returns for each row the first row that equals it, or -1 if it is the first. */
  static int[] exact(Dataset dataset) {
    return first(dataset, example -> example);
  }

  /** Returns for each row the first row with the same text, regardless of labels, or -1. */
  static int[] sameText(Dataset dataset) {
    return first(dataset, ExampleTexts::of);
  }

  private static int[] first(Dataset dataset, Function<Example, Object> content) {
    long[] hashes = new long[dataset.size()];
    for (int row = 0; row < hashes.length; row++) {
      String text = ExampleTexts.joined(dataset.get(row));
      hashes[row] = Words.hash(text, 0, text.length());
    }
    int[] original = new int[hashes.length];
    Arrays.fill(original, -1);
    for (int[] group : groups(hashes)) {
      Map<Object, Integer> firstOf = new HashMap<>();
      for (int row : group) {
        Integer first = firstOf.putIfAbsent(content.apply(dataset.get(row)), row);
        original[row] = first == null ? -1 : first;
      }
    }
    return original;
  }

  /**
   * Returns for each row an earlier row that is nearly or exactly equal, or -1 if there is none.
   */
  static int[] near(Dataset dataset, double threshold) {
    long[][] bands = bands(dataset);
    int[] original = new int[dataset.size()];
    Arrays.fill(original, -1);
    for (long[] band : bands) {
      for (int[] group : groups(band)) {
        compare(dataset, group, original, threshold);
      }
    }
    return original;
  }

  private static void compare(Dataset dataset, int[] group, int[] original, double threshold) {
    List<Integer> different = new ArrayList<>();
    List<long[]> pieces = new ArrayList<>();
    for (int row : group) {
      if (original[row] >= 0) {
        continue;
      }
      long[] mine = pieces(dataset.get(row));
      for (int i = 0; i < different.size(); i++) {
        if (Words.jaccard(mine, pieces.get(i)) >= threshold) {
          original[row] = different.get(i);
          break;
        }
      }
      if (original[row] < 0 && different.size() < MOST_COMPARED) {
        different.add(row);
        pieces.add(mine);
      }
    }
  }

  private static long[] pieces(Example example) {
    return Words.shingles(ExampleTexts.joined(example), PIECE);
  }

  private static long[][] bands(Dataset dataset) {
    SplittableRandom random = new SplittableRandom(SEED);
    long[] factors = random.longs((long) BANDS * ROWS_OF_BAND).map(value -> value | 1).toArray();
    long[][] bands = new long[BANDS][dataset.size()];
    long[] smallest = new long[factors.length];
    for (int row = 0; row < dataset.size(); row++) {
      Arrays.fill(smallest, Long.MAX_VALUE);
      for (long piece : pieces(dataset.get(row))) {
        for (int i = 0; i < factors.length; i++) {
          // Multiplication by an odd number is a permutation; its high bits depend on all bits.
          long hash = (piece ^ (piece >>> 32)) * factors[i];
          smallest[i] = Math.min(smallest[i], hash);
        }
      }
      for (int band = 0; band < BANDS; band++) {
        long hash = band;
        for (int i = 0; i < ROWS_OF_BAND; i++) {
          hash = Words.mix(hash ^ smallest[band * ROWS_OF_BAND + i]);
        }
        bands[band][row] = hash;
      }
    }
    return bands;
  }

  /** Returns groups of several rows with equal hashes. */
  static List<int[]> groups(long[] hashes) {
    long[] sorted = hashes.clone();
    Arrays.sort(sorted);
    Map<Long, Integer> counts = new HashMap<>();
    for (int i = 1; i < sorted.length; i++) {
      if (sorted[i] == sorted[i - 1]) {
        counts.merge(sorted[i], 1, Integer::sum);
      }
    }
    Map<Long, int[]> rows = new HashMap<>();
    List<int[]> groups = new ArrayList<>();
    Map<Long, Integer> filled = new HashMap<>();
    for (int row = 0; row < hashes.length; row++) {
      Integer more = counts.get(hashes[row]);
      if (more != null) {
        int[] group = rows.get(hashes[row]);
        if (group == null) {
          group = new int[more + 1];
          rows.put(hashes[row], group);
          groups.add(group);
        }
        group[filled.merge(hashes[row], 1, Integer::sum) - 1] = row;
      }
    }
    return groups;
  }
}
