package io.adapt4j.rag.internal.embed;

/** Arithmetic on vectors. */
public final class Vectors {

  private Vectors() {}

  /** Brings a vector to Euclidean length 1, in place. One of zeros stays as it is. */
  public static float[] normalize(float[] vector) {
    double length = Math.sqrt(product(vector, vector));
    if (length > 0) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) (vector[i] / length);
      }
    }
    return vector;
  }

  /** Returns the inner product, which is the cosine of the angle between vectors of length 1. */
  public static double product(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
