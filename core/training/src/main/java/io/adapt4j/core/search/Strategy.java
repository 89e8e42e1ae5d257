package io.adapt4j.core.search;

import java.util.ArrayList;
import java.util.List;

/** Allocation of training budget to trials. */
sealed interface Strategy {

  /** Unit of budgets. */
  enum Unit {
    /** Optimizer steps. */
    STEPS,
    /** Passes over the training data. */
    EPOCHS
  }

  /** Trains every trial to its end. */
  record Random() implements Strategy {}

  /**
   * Successive halving (Jamieson and Talwalkar 2016, algorithm 1), as in a bracket of Hyperband (Li
   * et al. 2018). Every trial's learning-rate schedule spans the largest budget, so that surviving
   * trials resume instead of starting over, and all are compared at the same point of the schedule.
   */
  record SuccessiveHalving(Unit unit, int least, int most, int eta) implements Strategy {

    /** Checks the budgets. Throws {@link IllegalArgumentException} if one is out of its range. */
    public SuccessiveHalving {
      if (least < 1 || most < least || eta < 2) {
        throw new IllegalArgumentException(
            ("successive halving needs 1 <= least <= most and eta >= 2, found least %s, most"
                    + " %s, eta %s")
                .formatted(least, most, eta));
      }
    }

    /** Returns the budget of each rung: least, least * eta, and so on up to the largest. */
    List<Integer> budgets() {
      List<Integer> budgets = new ArrayList<>();
      for (long budget = least; budget < most; budget *= eta) {
        budgets.add((int) budget);
      }
      budgets.add(most);
      return budgets;
    }
  }
}
