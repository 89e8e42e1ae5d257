package io.adapt4j.federated;

/**
 * Accounts for the privacy loss of a repeatedly applied Gaussian mechanism with Poisson sampling:
 * every party takes part with the same probability, independently of the others.
 *
 * <p>Rényi differential privacy of the sampled Gaussian mechanism (Mironov, Talwar and Zhang 2019,
 * <a href="https://arxiv.org/abs/1908.10530">arXiv:1908.10530</a>, section 3.3, integer orders),
 * composed by adding, and converted to (epsilon, delta) as in Canonne, Kamath and Steinke 2020 (<a
 * href="https://arxiv.org/abs/2004.00010">arXiv:2004.00010</a>, proposition 12). Orders are 2 to
 * 512; the result is an upper bound, for data sets that differ by adding or removing one party.
 */
public final class GaussianAccountant {

  private static final int MAX_ORDER = 512;

  private final double noiseMultiplier;
  private final double sampling;

  /**
   * Creates an accountant.
   *
   * @param noiseMultiplier standard deviation of the noise relative to the largest contribution of
   *     a party, above 0
   * @param sampling probability that a party takes part, in (0, 1]
   * @throws IllegalArgumentException if a value is out of range
   */
  public GaussianAccountant(double noiseMultiplier, double sampling) {
    if (!(noiseMultiplier > 0 && Double.isFinite(noiseMultiplier))) {
      throw new IllegalArgumentException(
          "noiseMultiplier: expected a positive number, found " + noiseMultiplier);
    }
    if (!(sampling > 0 && sampling <= 1)) {
      throw new IllegalArgumentException(
          "sampling: expected a probability in (0, 1], found " + sampling);
    }
    this.noiseMultiplier = noiseMultiplier;
    this.sampling = sampling;
  }

  /**
   * Returns the Rényi divergence bound of one application.
   *
   * @param order alpha, at least 2
   * @return epsilon of Rényi differential privacy of this order
   * @throws IllegalArgumentException if the order is below 2
   */
  public double renyi(int order) {
    if (order < 2) {
      throw new IllegalArgumentException("order: expected at least 2, found " + order);
    }
    double variance = noiseMultiplier * noiseMultiplier;
    if (sampling == 1) {
      return order / (2 * variance);
    }
    double log = Double.NEGATIVE_INFINITY;
    double logBinomial = 0;
    for (int k = 0; k <= order; k++) {
      if (k > 0) {
        logBinomial += Math.log(order - k + 1.0) - Math.log(k);
      }
      double term =
          logBinomial
              + k * Math.log(sampling)
              + (order - k) * Math.log1p(-sampling)
              + ((double) k * k - k) / (2 * variance);
      log = logSum(log, term);
    }
    return Math.max(0, log) / (order - 1);
  }

  private static double logSum(double left, double right) {
    double larger = Math.max(left, right);
    return larger == Double.NEGATIVE_INFINITY
        ? larger
        : larger + Math.log1p(Math.exp(Math.min(left, right) - larger));
  }

  /**
   * Returns the privacy loss of a number of applications.
   *
   * @param applications number of applications, at least 0
   * @param delta the probability that the bound does not hold, in (0, 1)
   * @return epsilon
   * @throws IllegalArgumentException if a value is out of range
   */
  public double epsilon(int applications, double delta) {
    if (applications < 0) {
      throw new IllegalArgumentException(
          "applications: expected at least 0, found " + applications);
    }
    if (!(delta > 0 && delta < 1)) {
      throw new IllegalArgumentException("delta: expected a number in (0, 1), found " + delta);
    }
    if (applications == 0) {
      return 0;
    }
    double best = Double.POSITIVE_INFINITY;
    for (int order = 2; order <= MAX_ORDER; order++) {
      double converted =
          applications * renyi(order)
              + Math.log1p(-1.0 / order)
              - (Math.log(delta) + Math.log(order)) / (order - 1);
      best = Math.min(best, converted);
    }
    return Math.max(0, best);
  }
}
