package io.adapt4j.core.internal.merge;

import io.adapt4j.core.method.MergeMethod;

/**
 * Average of models trained from one base, pulled toward the base by the mean angle between their
 * differences (Jang et al. 2024).
 */
record ModelStock() implements MergeRule {

  private static final float NOTHING = 1e-6f;

  @Override
  public float[] merge(MergeInputs inputs, MergeMethod method) {
    float[] base = inputs.base().orElseThrow().get();
    int models = inputs.members().size();
    int last =
        inputs.sizes().isEmpty()
            ? 1
            : Math.toIntExact(inputs.sizes().get(inputs.sizes().size() - 1));
    int width = method.filterWise() ? last : base.length;
    float[] cosines = cosines(inputs, base.length / Math.max(1, width), width);
    float[] average = new float[base.length];
    for (int member = 0; member < models; member++) {
      float[] values = inputs.values(member);
      for (int i = 0; i < average.length; i++) {
        average[i] += values[i];
      }
    }
    for (int i = 0; i < average.length; i++) {
      float cosine = cosines[i / width];
      float t = models * cosine / (1 + (models - 1) * cosine);
      average[i] = t * (average[i] / models) + (1 - t) * base[i];
    }
    return average;
  }

  /** Returns the mean cosine of each row over all pairs of models. */
  private static float[] cosines(MergeInputs inputs, int rows, int width) {
    float[] sums = new float[rows];
    int models = inputs.members().size();
    for (int one = 0; one < models; one++) {
      float[] left = inputs.difference(one);
      for (int other = one + 1; other < models; other++) {
        float[] right = inputs.difference(other);
        for (int row = 0; row < rows; row++) {
          sums[row] += cosine(left, right, row * width, width);
        }
      }
    }
    for (int row = 0; row < rows; row++) {
      sums[row] /= models * (models - 1) / 2f;
    }
    return sums;
  }

  /** Returns a cosine from products in single precision, as mergekit computes it. */
  private static float cosine(float[] left, float[] right, int start, int width) {
    double product = 0;
    double ofLeft = 0;
    double ofRight = 0;
    for (int i = start; i < start + width; i++) {
      product += left[i] * right[i];
      ofLeft += left[i] * left[i];
      ofRight += right[i] * right[i];
    }
    float norms = (float) Math.sqrt(ofLeft) * (float) Math.sqrt(ofRight);
    return Math.max(-1, Math.min(1, (float) product / Math.max(NOTHING, norms)));
  }

  @Override
  public int[] members() {
    return new int[] {2, Integer.MAX_VALUE};
  }
}
