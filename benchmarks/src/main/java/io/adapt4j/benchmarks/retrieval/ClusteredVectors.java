package io.adapt4j.benchmarks.retrieval;

import java.util.SplittableRandom;

/**
 * Clustered unit vectors, distributed like embeddings of texts on many topics: points around random
 * centers in a low-dimensional space, projected into a high-dimensional one, plus a little noise.
 * The same number gives the same vector.
 */
public final class ClusteredVectors {

  private static final int LATENT = 32;
  private static final double SPREAD = 0.6;
  private static final double NOISE = 0.02;

  private final int dimension;
  private final float[][] centers;
  private final float[][] directions;

  public ClusteredVectors(int dimension, int clusters) {
    this.dimension = dimension;
    SplittableRandom random = new SplittableRandom(7);
    this.centers = gaussian(random, clusters, LATENT, 1);
    this.directions = gaussian(random, LATENT, dimension, 1 / Math.sqrt(dimension));
  }

  private static float[][] gaussian(SplittableRandom random, int rows, int columns, double scale) {
    float[][] values = new float[rows][columns];
    for (float[] row : values) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) (random.nextGaussian() * scale);
      }
    }
    return values;
  }

  /**
   * Returns a vector; numbers from 0 are indexed, negative ones are queries of the same
   * distribution.
   */
  public float[] vector(long number) {
    SplittableRandom random = new SplittableRandom(number * 0x9E3779B97F4A7C15L + 1);
    float[] center = centers[random.nextInt(centers.length)];
    float[] vector = new float[dimension];
    for (int l = 0; l < LATENT; l++) {
      float weight = (float) (center[l] + SPREAD * random.nextGaussian());
      float[] direction = directions[l];
      for (int i = 0; i < dimension; i++) {
        vector[i] += weight * direction[i];
      }
    }
    double squares = 0;
    for (int i = 0; i < dimension; i++) {
      // Uniform noise of the same variance, which takes a tenth of the time.
      vector[i] += (float) (NOISE * Math.sqrt(12) * (random.nextDouble() - 0.5));
      squares += vector[i] * vector[i];
    }
    float scale = (float) (1 / Math.sqrt(squares));
    for (int i = 0; i < dimension; i++) {
      vector[i] *= scale;
    }
    return vector;
  }
}
