package io.adapt4j.federated;

import java.util.OptionalLong;

/**
 * Bounds what a site can change in a round, and hides it in noise. The change of all values that
 * train is one vector; it is cut to a length (clipped), and Gaussian noise of a multiple of that
 * length is added. The epsilon that rounds come to is reported by {@link GaussianAccountant}.
 *
 * <p>It protects a site as a whole: what the released adapters tell of whether, or with what, a
 * site took part. It says nothing of losses and sizes in the reports of the run, which are not
 * noisy: keep them, or do not publish them. Noise is added in floating point, which an attacker
 * with access to its last bits could exploit (Mironov 2012).
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
   * Cuts updates and adds no noise, which bounds the influence of a site but protects nothing.
   *
   * @param clip the longest update
   * @return the bound
   * @throws IllegalArgumentException if it is not positive
   */
  public static Privacy clipping(double clip) {
    return new Privacy(clip, 0, 0.5, false, OptionalLong.empty());
  }

  /**
   * Adds noise once, to the sum of the updates: whoever aggregates sees them without. Needs an
   * aggregation that sums values, {@link Aggregation#FREEZE_A} or {@link Aggregation#NAIVE}; sites
   * get equal weights, as counts of tokens would tell of their data. Protects against who sees the
   * adapters of the rounds, for sites added or removed.
   *
   * @param clip the longest update
   * @param noiseMultiplier standard deviation of the noise on the sum, over {@code clip}
   * @param delta the probability that the bound does not hold; well below one over the sites
   * @return the protection
   * @throws IllegalArgumentException if a value is out of range
   */
  public static Privacy central(double clip, double noiseMultiplier, double delta) {
    return new Privacy(clip, noiseMultiplier, delta, false, OptionalLong.empty());
  }

  /**
   * Adds noise at each site before anything leaves it, so that nobody needs to be trusted. Goes
   * with every aggregation, and costs much more accuracy. Protects a site's data as a whole being
   * replaced by other data, which changes a cut update by up to twice its length. A site whose
   * round is repeated after a failure has sent two noisy updates; the epsilon counts one.
   *
   * @param clip the longest update
   * @param noiseMultiplier standard deviation of the noise on an update, over {@code clip}
   * @param delta the probability that the bound does not hold
   * @return the protection
   * @throws IllegalArgumentException if a value is out of range
   */
  public static Privacy atSites(double clip, double noiseMultiplier, double delta) {
    return new Privacy(clip, noiseMultiplier, delta, true, OptionalLong.empty());
  }

  /**
   * Makes the noise repeatable, for experiments. Who knows the seed can take the noise away.
   *
   * @param seed of the noise
   * @return a changed copy
   */
  public Privacy insecureNoise(long seed) {
    return new Privacy(clip, noiseMultiplier, delta, atSites, OptionalLong.of(seed));
  }

  /** {@return the longest update} */
  public double clip() {
    return clip;
  }

  /** {@return the standard deviation of the noise over {@link #clip}} */
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
   * Returns what rounds come to.
   *
   * @param rounds how many
   * @param participation probability that a site takes part in a round
   * @return epsilon at {@link #delta}; infinite without noise
   */
  public double epsilon(int rounds, double participation) {
    if (!hasNoise()) {
      return Double.POSITIVE_INFINITY;
    }
    // At a site, one data set instead of another moves a cut update by twice its length, and
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
