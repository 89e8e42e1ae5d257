package io.adapt4j.eval.internal.metric;

/** Gains of graded documents in nDCG. */
public enum Gain {
  /** The grade itself (Järvelin and Kekäläinen 2002; trec_eval, scikit-learn). */
  LINEAR,
  /**
   * 2 to the power of the grade, minus 1 (Burges et al. 2005), which emphasizes the best documents.
   */
  EXPONENTIAL;

  public double of(int grade) {
    return this == LINEAR ? grade : Math.pow(2, grade) - 1;
  }
}
