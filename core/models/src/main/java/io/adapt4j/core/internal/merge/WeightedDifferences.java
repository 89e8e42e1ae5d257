package io.adapt4j.core.internal.merge;

import io.adapt4j.core.method.MergeMethod;

/**
 * Sum of weighted differences from the base as mergekit computes it: signs are elected on weighted
 * differences, and the sum is divided by the weights that agree.
 */
record WeightedDifferences(Pruning pruning, boolean signed) implements MergeRule {

  private static final float NOTHING = 1e-8f;

  @Override
  public float[] merge(MergeInputs inputs, MergeMethod method) {
    float[] merged = sum(inputs, method);
    if (signed) {
      agreeing(merged, inputs, method);
    } else if (method.normalize()) {
      float divisor = 0;
      for (int member = 0; member < inputs.members().size(); member++) {
        divisor += inputs.weight(member);
      }
      scale(merged, Math.abs(divisor) < NOTHING ? 1 : 1.0 / divisor);
    }
    scale(merged, method.lambda());
    return inputs.plusBase(merged);
  }

  private float[] sum(MergeInputs inputs, MergeMethod method) {
    float[] sum = new float[0];
    for (int member = 0; member < inputs.members().size(); member++) {
      float[] difference = inputs.pruned(member, pruning, method);
      float weight = inputs.weight(member);
      sum = member == 0 ? new float[difference.length] : sum;
      for (int i = 0; i < sum.length; i++) {
        sum[i] += weight * difference[i];
      }
    }
    return sum;
  }

  /** Replaces sums by those of the differences that have their sign. */
  private void agreeing(float[] sums, MergeInputs inputs, MergeMethod method) {
    boolean[] positive = new boolean[sums.length];
    for (int i = 0; i < sums.length; i++) {
      positive[i] = sums[i] >= 0;
      sums[i] = 0;
    }
    float[] divisor = new float[method.normalize() ? sums.length : 0];
    for (int member = 0; member < inputs.members().size(); member++) {
      float[] difference = inputs.pruned(member, pruning, method);
      float weight = inputs.weight(member);
      for (int i = 0; i < sums.length; i++) {
        float weighted = weight * difference[i];
        if (positive[i] ? weighted > 0 : weighted < 0) {
          sums[i] += weighted;
          if (divisor.length > 0) {
            divisor[i] += weight;
          }
        }
      }
    }
    for (int i = 0; i < divisor.length; i++) {
      if (divisor[i] != 0) {
        sums[i] /= divisor[i];
      }
    }
  }

  private static void scale(float[] values, double factor) {
    for (int i = 0; i < values.length && factor != 1; i++) {
      values[i] = (float) (values[i] * factor);
    }
  }
}
