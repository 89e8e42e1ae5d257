package io.adapt4j.core.internal.merge;

import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.core.method.MergeMethod.Dialect;

/** Registry of the rules of merging. */
public final class MergeRules {

  private MergeRules() {}

  private static MergeRule of(MergeMethod method) {
    Pruning pruning = Pruning.of(method.algorithm());
    if (method.dialect() == Dialect.PEFT) {
      return new CountedDifferences(pruning, signed(method));
    }
    return switch (method.algorithm()) {
      case LINEAR -> new LinearMerge();
      case SLERP -> new SlerpMerge();
      case MODEL_STOCK -> new ModelStock();
      default -> new WeightedDifferences(pruning, signed(method));
    };
  }

  private static boolean signed(MergeMethod method) {
    return switch (method.algorithm()) {
      case TIES, DARE_TIES, BREADCRUMBS_TIES, DELLA -> true;
      default -> false;
    };
  }

  /** Merges the values of one tensor. */
  public static float[] merge(MergeInputs inputs, MergeMethod method) {
    requireMembers(inputs.members().size(), method);
    return of(method).merge(inputs, method);
  }

  /** Rejects a number of models that a method does not merge. */
  public static void requireMembers(int count, MergeMethod method) {
    int[] range = of(method).members();
    if (count < range[0] || count > range[1]) {
      throw new IllegalArgumentException(
          "models: expected %s for %s, found %s"
              .formatted(
                  range[0] == range[1]
                      ? range[0] + " besides the base"
                      : "at least " + range[0] + " besides the base",
                  method.algorithm(),
                  count));
    }
  }
}
