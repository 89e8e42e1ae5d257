package io.adapt4j.core.method;

/**
 * A method of merging models or adapters, with its options. Two libraries define methods of the
 * same names differently, so a method has a {@link Dialect}. Immutable.
 *
 * @param dialect library whose definition is used
 * @param algorithm what is computed
 * @param density share of the values of a difference that is kept, above 0 and at most 1, for
 *     models without their own; for methods that prune
 * @param normalize whether the result is divided by the sum of the weights; mergekit's dialect
 * @param rescale whether pruned differences keep their L1 norm (mergekit), or randomly pruned ones
 *     are divided by the density (PEFT)
 * @param lambda factor of the merged difference; mergekit's dialect
 * @param gamma share of the largest differences that breadcrumbs drops, above 0 and below 1
 * @param epsilon DELLA keeps values with probabilities from density - epsilon to density + epsilon
 * @param t position of {@link Algorithm#SLERP} between the base (0) and the model (1)
 * @param majority how {@link Algorithm#TIES} and {@link Algorithm#DARE_TIES} elect a sign; PEFT's
 *     dialect
 * @param filterWise whether {@link Algorithm#MODEL_STOCK} computes an angle for each row
 */
public record MergeMethod(
    Dialect dialect,
    Algorithm algorithm,
    double density,
    boolean normalize,
    boolean rescale,
    double lambda,
    double gamma,
    double epsilon,
    double t,
    Majority majority,
    boolean filterWise) {

  /** A library whose definitions are used. */
  public enum Dialect {
    /** PEFT: signs are elected on unweighted differences, sums divided by the number of models. */
    PEFT,
    /** mergekit: signs are elected on weighted differences, sums divided by weights. */
    MERGEKIT
  }

  /** Election of a value's sign. */
  public enum Majority {
    /** Sign of the sum of the values. */
    TOTAL,
    /** Sign that more models have. */
    FREQUENCY
  }

  /** Formula for the models' values, or for their differences from the base. */
  public enum Algorithm {
    /** Weighted sum of the models; in PEFT's dialect, of the differences. */
    LINEAR,
    /** Spherical interpolation between the base and one model. */
    SLERP,
    /** Weighted sum of the differences (Ilharco et al. 2023). */
    TASK_ARITHMETIC,
    /** Weighted sum of the largest differences; PEFT's dialect. */
    MAGNITUDE_PRUNE,
    /** Largest differences that agree in sign (Yadav et al. 2023). */
    TIES,
    /** Random differences, rescaled (Yu et al. 2024). */
    DARE_LINEAR,
    /** Random differences that agree in sign. */
    DARE_TIES,
    /** Differences without the largest and the smallest (Davari and Belilovsky 2024). */
    BREADCRUMBS,
    /** Breadcrumbs that agree in sign. */
    BREADCRUMBS_TIES,
    /** Differences kept with a probability by rank, that agree in sign (Deep et al. 2024). */
    DELLA,
    /** Differences kept with a probability by rank. */
    DELLA_LINEAR,
    /** Average of the models, pulled toward the base by their angle (Jang et al. 2024). */
    MODEL_STOCK;

    private boolean isIn(Dialect dialect) {
      return switch (this) {
        case LINEAR, TASK_ARITHMETIC, TIES, DARE_LINEAR, DARE_TIES -> true;
        case MAGNITUDE_PRUNE -> dialect == Dialect.PEFT;
        default -> dialect == Dialect.MERGEKIT;
      };
    }

    private boolean isScaledByWeights() {
      return this == LINEAR || this == TIES || this == DELLA;
    }

    private boolean isRandom() {
      return this == DARE_LINEAR || this == DARE_TIES || this == DELLA || this == DELLA_LINEAR;
    }

    /**
     * Returns whether the base's values take part.
     *
     * @param dialect library whose definition is used
     * @return false only for mergekit's weighted sum
     */
    public boolean needsBase(Dialect dialect) {
      return this != LINEAR || dialect == Dialect.PEFT;
    }
  }

  /**
   * Checks the options. Throws {@link IllegalArgumentException} if the dialect lacks the algorithm,
   * or a number is out of its range.
   */
  public MergeMethod {
    if (!algorithm.isIn(dialect)) {
      throw new IllegalArgumentException(
          "algorithm: expected one of %s's, found %s".formatted(dialect, algorithm));
    }
    require("density", density, density > 0 && density <= 1, "above 0 and at most 1");
    require("lambda", lambda, Double.isFinite(lambda), "finite");
    require("gamma", gamma, gamma > 0 && gamma < 1, "above 0 and below 1");
    require("epsilon", epsilon, epsilon >= 0 && epsilon < 0.5, "from 0 to below 0.5");
    require("t", t, t >= 0 && t <= 1, "from 0 to 1");
  }

  private static void require(String name, double value, boolean isRight, String range) {
    if (!isRight) {
      throw new IllegalArgumentException(
          "%s: expected a number %s, found %s".formatted(name, range, value));
    }
  }

  /**
   * Creates a method with the defaults of its library: density 1, lambda 1, gamma 0.01, epsilon
   * 0.15, t 0.5; normalized are LINEAR, TIES and DELLA, rescaled DARE and DELLA.
   *
   * @param dialect library whose definition is used
   * @param algorithm what is computed
   * @return the method
   * @throws IllegalArgumentException if the dialect lacks the algorithm
   */
  public static MergeMethod of(Dialect dialect, Algorithm algorithm) {
    return new MergeMethod(
        dialect,
        algorithm,
        1,
        dialect == Dialect.MERGEKIT && algorithm.isScaledByWeights(),
        algorithm.isRandom(),
        1,
        0.01,
        0.15,
        0.5,
        Majority.TOTAL,
        false);
  }

  /**
   * Creates a method as mergekit defines it.
   *
   * @param algorithm what is computed
   * @return the method with mergekit's defaults
   * @throws IllegalArgumentException if mergekit lacks the algorithm
   */
  public static MergeMethod mergekit(Algorithm algorithm) {
    return of(Dialect.MERGEKIT, algorithm);
  }

  /**
   * Creates a method as PEFT defines it.
   *
   * @param algorithm what is computed
   * @return the method with PEFT's defaults
   * @throws IllegalArgumentException if PEFT lacks the algorithm
   */
  public static MergeMethod peft(Algorithm algorithm) {
    return of(Dialect.PEFT, algorithm);
  }

  /**
   * Sets the density.
   *
   * @param share share of a difference that is kept, above 0 and at most 1
   * @return a changed copy
   */
  public MergeMethod density(double share) {
    return with(share, normalize, rescale, lambda, gamma, epsilon);
  }

  /**
   * Sets whether the result is divided by the sum of the weights.
   *
   * @param on whether to divide by the sum of the weights
   * @return a changed copy
   */
  public MergeMethod normalize(boolean on) {
    return with(density, on, rescale, lambda, gamma, epsilon);
  }

  /**
   * Sets whether pruned differences are rescaled.
   *
   * @param on whether to rescale pruned differences
   * @return a changed copy
   */
  public MergeMethod rescale(boolean on) {
    return with(density, normalize, on, lambda, gamma, epsilon);
  }

  /**
   * Sets the factor of the merged difference.
   *
   * @param factor factor of the merged difference
   * @return a changed copy
   */
  public MergeMethod lambda(double factor) {
    return with(density, normalize, rescale, factor, gamma, epsilon);
  }

  /**
   * Sets the share of the largest differences that breadcrumbs drops.
   *
   * @param share share of the largest differences to drop, above 0 and below 1
   * @return a changed copy
   */
  public MergeMethod gamma(double share) {
    return with(density, normalize, rescale, lambda, share, epsilon);
  }

  /**
   * Sets the half range of DELLA's probabilities.
   *
   * @param halfRange half the range of probabilities, from 0 to below 0.5
   * @return a changed copy
   */
  public MergeMethod epsilon(double halfRange) {
    return with(density, normalize, rescale, lambda, gamma, halfRange);
  }

  private MergeMethod with(
      double share, boolean sum, boolean scaled, double factor, double largest, double range) {
    return new MergeMethod(
        dialect, algorithm, share, sum, scaled, factor, largest, range, t, majority, filterWise);
  }

  private MergeMethod with(double position, Majority election, boolean byRow) {
    return new MergeMethod(
        dialect, algorithm, density, normalize, rescale, lambda, gamma, epsilon, position, election,
        byRow);
  }

  /**
   * Sets the position between the base and the model.
   *
   * @param position from 0, the base, to 1, the model
   * @return a changed copy
   */
  public MergeMethod t(double position) {
    return with(position, majority, filterWise);
  }

  /**
   * Sets how signs are elected.
   *
   * @param election PEFT's {@code majority_sign_method}
   * @return a changed copy
   */
  public MergeMethod majority(Majority election) {
    return with(t, election, filterWise);
  }

  /**
   * Sets whether model stock computes an angle for each row.
   *
   * @param on whether each row has an angle
   * @return a changed copy
   */
  public MergeMethod filterWise(boolean on) {
    return with(t, majority, on);
  }
}
