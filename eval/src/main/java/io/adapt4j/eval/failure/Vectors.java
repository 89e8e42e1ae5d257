package io.adapt4j.eval.failure;

import java.util.List;

/** Embeddings as unit vectors. */
final class Vectors {

  private Vectors() {}

  static float[][] unit(List<float[]> embeddings, int texts) {
    if (embeddings.size() != texts) {
      throw new IllegalStateException(
          "The embedder gave " + embeddings.size() + " vectors for " + texts + " texts");
    }
    int width = embeddings.get(0).length;
    return embeddings.stream().map(embedding -> unit(embedding, width)).toArray(float[][]::new);
  }

  private static float[] unit(float[] vector, int width) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    double length = Math.sqrt(squares);
    if (vector.length != width || !(length > 0) || Double.isInfinite(length)) {
      throw new IllegalStateException(
          "An embedding is zero, not finite or of another width than the first; check the"
              + " embedder");
    }
    double[] copy = new double[width];
    for (int i = 0; i < width; i++) {
      copy[i] = vector[i];
    }
    return scaled(copy, 1 / length);
  }

  static float[] scaled(double[] vector, double factor) {
    float[] scaled = new float[vector.length];
    for (int i = 0; i < vector.length; i++) {
      scaled[i] = (float) (vector[i] * factor);
    }
    return scaled;
  }

  static double product(float[] some, float[] other) {
    double product = 0;
    for (int i = 0; i < some.length; i++) {
      product += (double) some[i] * other[i];
    }
    return product;
  }
}
