package io.adapt4j.eval.rag;

/** Cosine similarity of two vectors. */
final class Cosine {

  private Cosine() {}

  static double of(float[] some, float[] other) {
    double product = 0;
    double squares = 0;
    double otherSquares = 0;
    for (int i = 0; i < some.length; i++) {
      product += (double) some[i] * other[i];
      squares += (double) some[i] * some[i];
      otherSquares += (double) other[i] * other[i];
    }
    double cosine = product / Math.sqrt(squares * otherSquares);
    if (Double.isNaN(cosine)) {
      throw new IllegalStateException("An embedding is zero or not finite; check the embedder");
    }
    return cosine;
  }
}
