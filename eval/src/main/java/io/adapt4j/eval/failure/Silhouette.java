package io.adapt4j.eval.failure;

/**
 * Silhouette coefficient of clusterings (Rousseeuw 1987, "Silhouettes: a Graphical Aid to the
 * Interpretation and Validation of Cluster Analysis"), with the cosine distance. Distances are
 * computed once, for any number of clusterings of the same vectors.
 */
final class Silhouette {

  private final float[][] distances;

  Silhouette(float[][] vectors) {
    int count = vectors.length;
    distances = new float[count][count];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < i; j++) {
        float distance = (float) Math.max(0, 1 - Vectors.product(vectors[i], vectors[j]));
        distances[i][j] = distance;
        distances[j][i] = distance;
      }
    }
  }

  /** Returns the mean over all vectors, from -1 to 1; a vector alone in its cluster counts 0. */
  double of(int[] numbers, int clusters) {
    int[] sizes = new int[clusters];
    for (int number : numbers) {
      sizes[number]++;
    }
    double sum = 0;
    for (int i = 0; i < numbers.length; i++) {
      sum += sizes[numbers[i]] > 1 ? one(i, numbers, sizes) : 0;
    }
    return sum / numbers.length;
  }

  private double one(int row, int[] numbers, int[] sizes) {
    double[] sums = new double[sizes.length];
    for (int i = 0; i < numbers.length; i++) {
      sums[numbers[i]] += distances[row][i];
    }
    int own = numbers[row];
    double within = sums[own] / (sizes[own] - 1);
    double nearest = Double.POSITIVE_INFINITY;
    for (int k = 0; k < sizes.length; k++) {
      if (k != own && sizes[k] > 0) {
        nearest = Math.min(nearest, sums[k] / sizes[k]);
      }
    }
    double larger = Math.max(within, nearest);
    return larger > 0 && Double.isFinite(larger) ? (nearest - within) / larger : 0;
  }
}
