package io.adapt4j.upkeep.drift;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.Multiset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Feature vectors of rows, sparse or dense. They never depend on the period of a row. */
final class Features {

  private static final Pattern BETWEEN = Pattern.compile("[^\\p{L}\\p{M}\\p{N}]+");

  /** Longer texts are judged by their beginning. */
  private static final int MOST_WORDS = 2000;

  private final int[][] indices;
  private final float[][] values;
  private final int dimension;

  private Features(int[][] indices, float[][] values, int dimension) {
    this.indices = indices;
    this.values = values;
    this.dimension = dimension;
  }

  /**
   * Returns the TF-IDF vectors of texts, of length 1: words, pairs of words, and n-grams of three
   * characters within words, each counted once per text, that occur in at least two texts.
   */
  static Features ofTexts(List<String> texts) {
    List<Set<String>> terms = texts.stream().map(Features::terms).toList();
    Multiset<String> counts = HashMultiset.create();
    terms.forEach(counts::addAll);
    Map<String, Integer> ids = new HashMap<>();
    List<float[]> values = new ArrayList<>();
    int[][] indices = new int[texts.size()][];
    for (int row = 0; row < indices.length; row++) {
      List<String> kept = terms.get(row).stream().filter(term -> counts.count(term) > 1).toList();
      indices[row] = kept.stream().mapToInt(t -> ids.computeIfAbsent(t, n -> ids.size())).toArray();
      float[] weights = new float[kept.size()];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (float) (Math.log((1.0 + texts.size()) / (1 + counts.count(kept.get(i)))) + 1);
      }
      values.add(scaled(weights, Math.sqrt(squaredNorm(weights))));
    }
    return new Features(indices, values.toArray(float[][]::new), ids.size());
  }

  /** Returns vectors moved to a mean of zero and scaled to a mean squared length of 1. */
  static Features ofVectors(List<float[]> vectors) {
    int dimension = vectors.get(0).length;
    double[] mean = new double[dimension];
    for (int row = 0; row < vectors.size(); row++) {
      float[] vector = vectors.get(row);
      if (vector.length != dimension) {
        throw new IllegalArgumentException(
            "embedding %d: expected %d numbers as in embedding 0, found %d. Use one model for all."
                .formatted(row, dimension, vector.length));
      }
      for (int i = 0; i < dimension; i++) {
        mean[i] += vector[i] / vectors.size();
      }
    }
    double squares = 0;
    float[][] values = new float[vectors.size()][dimension];
    for (int row = 0; row < values.length; row++) {
      for (int i = 0; i < dimension; i++) {
        values[row][i] = (float) (vectors.get(row)[i] - mean[i]);
      }
      squares += squaredNorm(values[row]) / values.length;
    }
    double scale = Math.sqrt(squares);
    for (int row = 0; row < values.length; row++) {
      values[row] = scaled(values[row], scale);
    }
    int[] all = new int[dimension];
    Arrays.setAll(all, i -> i);
    int[][] indices = new int[values.length][];
    Arrays.fill(indices, all);
    return new Features(indices, values, dimension);
  }

  private static double squaredNorm(float[] vector) {
    double sum = 0;
    for (float value : vector) {
      sum += value * value;
    }
    return sum;
  }

  private static float[] scaled(float[] vector, double divisor) {
    for (int i = 0; divisor > 0 && i < vector.length; i++) {
      vector[i] = (float) (vector[i] / divisor);
    }
    return vector;
  }

  private static Set<String> terms(String text) {
    Set<String> terms = new LinkedHashSet<>();
    String before = "";
    for (String word : words(text).limit(MOST_WORDS).toList()) {
      terms.add(word);
      terms.add(before + " " + word);
      String padded = "\0" + word + "\0";
      for (int i = 0; i + 3 <= padded.length(); i++) {
        terms.add("\0" + padded.substring(i, i + 3));
      }
      before = word;
    }
    return terms;
  }

  /** Returns the words of a text in lower case. */
  static Stream<String> words(String text) {
    return BETWEEN.splitAsStream(text.toLowerCase(Locale.ROOT)).filter(word -> !word.isEmpty());
  }

  int dimension() {
    return dimension;
  }

  double largestSquaredNorm() {
    return Arrays.stream(values).mapToDouble(Features::squaredNorm).max().orElse(0);
  }

  double dot(double[] weights, int row) {
    double sum = 0;
    for (int i = 0; i < indices[row].length; i++) {
      sum += weights[indices[row][i]] * values[row][i];
    }
    return sum;
  }

  void addTo(double[] sums, int row, double factor) {
    for (int i = 0; i < indices[row].length; i++) {
      sums[indices[row][i]] += factor * values[row][i];
    }
  }
}
