package io.adapt4j.eval.failure;

import java.util.Arrays;
import java.util.Random;

/**
 * Spherical k-means: unit vectors, centers as directions, cosine similarity (Dhillon and Modha
 * 2001, "Concept Decompositions for Large Sparse Text Data Using Clustering"), initialized with
 * k-means++ (Arthur and Vassilvitskii 2007).
 */
final class KMeans {

  private static final int STARTS = 5;
  private static final int MOST_ROUNDS = 100;

  private final int[] numbers;
  private final float[][] centers;
  private final double nearness;

  private KMeans(int[] numbers, float[][] centers, double nearness) {
    this.numbers = numbers;
    this.centers = centers;
    this.nearness = nearness;
  }

  /** The cluster of each vector, from 0. */
  int[] numbers() {
    return numbers;
  }

  /** A unit vector per cluster. */
  float[][] centers() {
    return centers;
  }

  /** Returns the best of several restarts. */
  static KMeans of(float[][] vectors, int count, long seed) {
    Random random = new Random(seed);
    KMeans best = run(vectors, begin(vectors, count, random));
    for (int start = 1; start < STARTS; start++) {
      KMeans found = run(vectors, begin(vectors, count, random));
      if (found.nearness > best.nearness) {
        best = found;
      }
    }
    return best;
  }

  private static float[][] begin(float[][] vectors, int count, Random random) {
    float[][] centers = new float[count][];
    centers[0] = vectors[random.nextInt(vectors.length)];
    double[] distances = new double[vectors.length];
    Arrays.fill(distances, Double.POSITIVE_INFINITY);
    for (int i = 1; i < count; i++) {
      for (int j = 0; j < vectors.length; j++) {
        // Half the squared distance of unit vectors.
        double distance = Math.max(0, 1 - Vectors.product(vectors[j], centers[i - 1]));
        distances[j] = Math.min(distances[j], distance);
      }
      centers[i] = vectors[draw(distances, random)];
    }
    return centers;
  }

  private static int draw(double[] weights, Random random) {
    double left = random.nextDouble() * Arrays.stream(weights).sum();
    for (int i = 0; i < weights.length; i++) {
      left -= weights[i];
      if (left < 0) {
        return i;
      }
    }
    return random.nextInt(weights.length);
  }

  private static KMeans run(float[][] vectors, float[][] first) {
    float[][] centers = first;
    int[] numbers = new int[0];
    for (int round = 0; round < MOST_ROUNDS; round++) {
      int[] nearest = nearest(vectors, centers);
      if (Arrays.equals(nearest, numbers)) {
        break;
      }
      numbers = nearest;
      centers = centers(vectors, numbers, centers);
    }
    double nearness = 0;
    for (int i = 0; i < vectors.length; i++) {
      nearness += Vectors.product(vectors[i], centers[numbers[i]]);
    }
    return new KMeans(numbers, centers, nearness);
  }

  private static int[] nearest(float[][] vectors, float[][] centers) {
    int[] nearest = new int[vectors.length];
    Arrays.setAll(
        nearest,
        i -> {
          int best = 0;
          double most = Double.NEGATIVE_INFINITY;
          for (int k = 0; k < centers.length; k++) {
            double cosine = Vectors.product(vectors[i], centers[k]);
            if (cosine > most) {
              most = cosine;
              best = k;
            }
          }
          return best;
        });
    return nearest;
  }

  /** A center whose vectors have moved away or cancel out stays where it is. */
  private static float[][] centers(float[][] vectors, int[] numbers, float[][] before) {
    double[][] sums = new double[before.length][vectors[0].length];
    for (int i = 0; i < vectors.length; i++) {
      for (int j = 0; j < vectors[i].length; j++) {
        sums[numbers[i]][j] += vectors[i][j];
      }
    }
    float[][] centers = new float[before.length][];
    Arrays.setAll(
        centers,
        k -> {
          double length = Math.sqrt(Arrays.stream(sums[k]).map(value -> value * value).sum());
          return length < 1e-9 ? before[k] : Vectors.scaled(sums[k], 1 / length);
        });
    return centers;
  }
}
