package io.adapt4j.core.internal.merge;

import io.adapt4j.core.method.MergeMethod;

/** Rule by which the values of one tensor are merged. */
interface MergeRule {

  float[] merge(MergeInputs inputs, MergeMethod method);

  /** Returns the minimum and maximum number of models besides the base. */
  default int[] members() {
    return new int[] {1, Integer.MAX_VALUE};
  }
}
