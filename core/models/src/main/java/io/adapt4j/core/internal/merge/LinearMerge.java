package io.adapt4j.core.internal.merge;

import io.adapt4j.core.method.MergeMethod;

/** Weighted sum, or with normalization mean, of the models' values. */
record LinearMerge() implements MergeRule {

  @Override
  public float[] merge(MergeInputs inputs, MergeMethod method) {
    float[] sum = new float[0];
    float total = 0;
    for (int member = 0; member < inputs.members().size(); member++) {
      float[] values = inputs.values(member);
      float weight = inputs.weight(member);
      total += weight;
      sum = member == 0 ? new float[values.length] : sum;
      for (int i = 0; i < sum.length; i++) {
        sum[i] += weight * values[i];
      }
    }
    if (method.normalize()) {
      if (total == 0) {
        throw new IllegalArgumentException(
            "weights: expected a sum other than 0 to divide by, found 0. Set normalize to false.");
      }
      for (int i = 0; i < sum.length; i++) {
        sum[i] /= total;
      }
    }
    return sum;
  }
}
