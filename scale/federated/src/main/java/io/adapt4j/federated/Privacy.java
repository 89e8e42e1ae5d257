package io.adapt4j.federated;

import java.util.OptionalLong;

/**
 * Differential privacy of sites: clips a site's update and adds noise. The update of all trainable
 * parameters is one vector; it is clipped to a norm, and Gaussian noise proportional to that norm
 * is added. {@link GaussianAccountant} reports the resulting epsilon.
 *
 * <p>It protects a site as a whole: its participation and data are hidden in the released adapters.
 * It does not cover losses and sizes in the run's reports, which are not noisy: do not publish
 * them. Noise is added in floating point, which an attacker with access to its last bits could
 * exploit (Mironov 2012).
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class Privacy {

  private final double clip;
  private final double noiseMultiplier;
  private final double delta;
  private final boolean atSites;
  private final OptionalLong seed;

  private Privacy(
      double clip, double noiseMultiplier, double delta, boolean atSites, OptionalLong seed) {
    if (!(clip > 0 && Double.isFinite(clip))) {
      throw new IllegalArgumentException("clip: expected a positive number, found " + clip);
    }
    if (!(noiseMultiplier >= 0 && Double.isFinite(noiseMultiplier))) {
      throw new IllegalArgumentException(
          "noiseMultiplier: expected at least 0, found " + noiseMultiplier);
    }
    if (!(delta > 0 && delta < 1)) {
      throw new IllegalArgumentException("delta: expected a number in (0, 1), found " + delta);
    }
    this.clip = clip;
    this.noiseMultiplier = noiseMultiplier;
    this.delta = delta;
    this.atSites = atSites;
    this.seed = seed;
  }

  /**
   * Clips updates without noise, which limits the influence of a site but gives no privacy.
   *
   * @param clip maximum norm of an update
   * @return the setting
   * @throws IllegalArgumentException if it is not positive
   */
  public static Privacy clipping(double clip) {
    return new Privacy(clip, 0, 0.5, false, OptionalLong.empty());
  }

  /**
   * Adds noise once, to the sum of the updates: the aggregator sees them without noise. Needs an
   * aggregation that sums values, {@link Aggregation#FREEZE_A} or {@link Aggregation#NAIVE}; sites
   * get equal weights, as token counts would reveal information on their data. Protects against
   * observers of the rounds' adapters, for sites added or removed.
   *
   * @param noiseMultiplier standard deviation of the noise on the sum, relative to {@code clip}
   * @param delta the probability that the bound does not hold; well below 1 / sites
   * @return the protection
   * @throws IllegalArgumentException if a value is out of range
   */
  public static Privacy central(double clip, double noiseMultiplier, double delta) {
    return new Privacy(clip, noiseMultiplier, delta, false, OptionalLong.empty());
  }

  /**
   * Adds noise at each site before anything leaves it, so that nobody needs to be trusted (local
   * privacy). Works with every aggregation, at a much higher cost in accuracy. Protects against
   * replacement of a site's whole data, which changes a clipped update by up to twice its norm. A
   * site whose round is repeated after a failure has sent two noisy updates; epsilon counts one.
   *
   * @param noiseMultiplier standard deviation of the noise on an update, relative to {@code clip}
   * @param delta the probability that the bound does not hold
   * @return the protection
   * @throws IllegalArgumentException if a value is out of range
   */
  public static Privacy atSites(double clip, double noiseMultiplier, double delta) {
    return new Privacy(clip, noiseMultiplier, delta, true, OptionalLong.empty());
  }

  /**
   * Makes the noise reproducible, for experiments. Anyone who knows the seed can remove the noise.
   *
   * @param seed seed of the noise
   * @return a changed copy
   */
  public Privacy insecureNoise(long seed) {
    return new Privacy(clip, noiseMultiplier, delta, atSites, OptionalLong.of(seed));
  }

  /** {@return the maximum norm of an update} */
  public double clip() {
    return clip;
  }

  /** {@return the standard deviation of the noise relative to {@link #clip}} */
  public double noiseMultiplier() {
    return noiseMultiplier;
  }

  /** {@return the probability that the bound does not hold} */
  public double delta() {
    return delta;
  }

  /** {@return whether noise is added at the sites} */
  public boolean isAtSites() {
    return atSites;
  }

  OptionalLong seed() {
    return seed;
  }

  boolean hasNoise() {
    return noiseMultiplier > 0;
  }

  /**
   * Returns the privacy loss of rounds.
   *
   * @param rounds number of rounds
   * @param participation probability that a site takes part in a round
   * @return epsilon at {@link #delta}; infinite without noise
   */
  public double epsilon(int rounds, double participation) {
    if (!hasNoise()) {
      return Double.POSITIVE_INFINITY;
    }
    // At a site, replacing the data moves a clipped update by up to twice its norm, and
    // everybody sees which sites take part.
    return atSites
        ? new GaussianAccountant(noiseMultiplier / 2, 1).epsilon(rounds, delta)
        : new GaussianAccountant(noiseMultiplier, participation).epsilon(rounds, delta);
  }

  @Override
  public String toString() {
    return "clip %s, noise %s %s, delta %s%s"
        .formatted(
            clip,
            noiseMultiplier,
            atSites ? "at the sites" : "on the sum",
            delta,
            seed.isPresent() ? ", insecure seed" : "");
  }
}
