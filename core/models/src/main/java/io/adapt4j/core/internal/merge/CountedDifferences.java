package io.adapt4j.core.internal.merge;

import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.core.method.MergeMethod.Majority;

/**
 * Sum of weighted differences from the base as PEFT computes it: signs are elected on unweighted
 * differences, and the sum is divided by the number of models that agree.
 */
record CountedDifferences(Pruning pruning, boolean signed) implements MergeRule {

  @Override
  public float[] merge(MergeInputs inputs, MergeMethod method) {
    boolean[] positive = signed ? elected(inputs, method) : new boolean[0];
    float[] sums = new float[0];
    int[] counts = new int[positive.length];
    for (int member = 0; member < inputs.members().size(); member++) {
      float[] difference = inputs.pruned(member, pruning, method);
      float weight = inputs.weight(member);
      sums = member == 0 ? new float[difference.length] : sums;
      for (int i = 0; i < sums.length; i++) {
        if (!signed) {
          sums[i] += weight * difference[i];
        } else if (positive[i] ? difference[i] > 0 : difference[i] < 0) {
          sums[i] += weight * difference[i];
          counts[i]++;
        }
      }
    }
    for (int i = 0; i < counts.length; i++) {
      sums[i] /= Math.max(1, counts[i]);
    }
    return inputs.plusBase(sums);
  }

  private boolean[] elected(MergeInputs inputs, MergeMethod method) {
    float[] sums = new float[0];
    for (int member = 0; member < inputs.members().size(); member++) {
      float[] difference = inputs.pruned(member, pruning, method);
      sums = member == 0 ? new float[difference.length] : sums;
      for (int i = 0; i < sums.length; i++) {
        sums[i] += method.majority() == Majority.TOTAL ? difference[i] : Math.signum(difference[i]);
      }
    }
    boolean[] positive = new boolean[sums.length];
    for (int i = 0; i < sums.length; i++) {
      positive[i] = sums[i] >= 0;
    }
    return positive;
  }
}
