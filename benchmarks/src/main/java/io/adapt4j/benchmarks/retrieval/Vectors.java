package io.adapt4j.benchmarks.retrieval;

import java.util.List;

/** Comparison of vectors. */
public final class Vectors {

  private Vectors() {}

  public static double product(float[] first, float[] second) {
    double product = 0;
    for (int i = 0; i < first.length; i++) {
      product += (double) first[i] * second[i];
    }
    return product;
  }

  public static double largestDifference(List<float[]> first, List<float[]> second) {
    double largest = 0;
    for (int row = 0; row < first.size(); row++) {
      for (int i = 0; i < first.get(row).length; i++) {
        largest = Math.max(largest, Math.abs(first.get(row)[i] - second.get(row)[i]));
      }
    }
    return largest;
  }
}
