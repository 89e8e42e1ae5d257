package io.adapt4j.rag.internal.embed;

/** Arithmetic on vectors. */
public final class Vectors {

  private Vectors() {}

  /** L2-normalizes a vector in place. A zero vector is unchanged. */
  public static float[] normalize(float[] vector) {
    double length = Math.sqrt(product(vector, vector));
    if (length > 0) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) (vector[i] / length);
      }
    }
    return vector;
  }

  /** Returns the inner product, which is the cosine for unit vectors. */
  public static double product(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
