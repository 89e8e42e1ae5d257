package io.adapt4j.verification.golden;

import java.util.Collection;
import java.util.Map;

/** Gradients by the names of golden files. */
final class Gradients {

  private Gradients() {}

  /** The Euclidean norm of all gradients together. */
  static double norm(Collection<float[]> gradients) {
    double squares = 0;
    for (float[] gradient : gradients) {
      for (float value : gradient) {
        squares += (double) value * value;
      }
    }
    return Math.sqrt(squares);
  }

  static float[] found(Map<String, float[]> gradients, String name) {
    float[] found = gradients.get(name);
    if (found == null) {
      throw new GoldenException("expected a gradient of " + name + ", found none");
    }
    return found;
  }
}
