package io.adapt4j.core.internal.merge;

import io.adapt4j.core.method.MergeMethod;

/**
 * Spherical interpolation (Shoemake 1985) between the base and one model, each tensor as one
 * vector; linear where they are nearly parallel.
 */
record SlerpMerge() implements MergeRule {

  private static final double PARALLEL = 0.9995;
  private static final double NOTHING = 1e-8;

  @Override
  public float[] merge(MergeInputs inputs, MergeMethod method) {
    float[] from = inputs.base().orElseThrow().get();
    float[] to = inputs.values(0);
    double cosine = dot(from, to) / (length(from) * length(to));
    double left = 1 - method.t();
    double right = method.t();
    if (Math.abs(cosine) <= PARALLEL) {
      double angle = Math.acos(cosine);
      left = Math.sin(angle * left) / Math.sin(angle);
      right = Math.sin(angle * right) / Math.sin(angle);
    }
    for (int i = 0; i < to.length; i++) {
      to[i] = (float) (left * from[i] + right * to[i]);
    }
    return to;
  }

  private static double length(float[] values) {
    double length = Math.sqrt(dot(values, values));
    return length > NOTHING ? length : 1;
  }

  private static double dot(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += (double) one[i] * other[i];
    }
    return sum;
  }

  @Override
  public int[] members() {
    return new int[] {1, 1};
  }
}
