package io.adapt4j.federated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** The privacy loss of Gaussian noise, against values computed elsewhere. */
class GaussianAccountantTest {

  /** Values of the tests of TensorFlow Privacy's accountant. */
  @Test
  void renyiDivergencesAreThoseOfTensorFlowPrivacy() {
    assertThat(10 * new GaussianAccountant(2, 0.1).renyi(5)).isCloseTo(0.07737, within(1e-5));
    GaussianAccountant sampled = new GaussianAccountant(2.5, 0.01);
    assertThat(50 * sampled.renyi(5)).isCloseTo(0.00218075, within(1e-5));
    assertThat(50 * sampled.renyi(50)).isCloseTo(0.023846, within(1e-5));
    assertThat(50 * sampled.renyi(100)).isCloseTo(167.416307, within(1e-5));
    assertThat(new GaussianAccountant(10, 1).renyi(20)).isCloseTo(0.1, within(1e-12));
  }

  /**
   * Without sampling T applications are one with a noise smaller by the root of T, whose epsilon is
   * known exactly (Balle and Wang 2018): a sound bound is above it, a good one near.
   */
  @Test
  void boundIsAboveTheExactEpsilonAndNear() {
    for (int applications : new int[] {1, 10, 100}) {
      double bound = new GaussianAccountant(4, 1).epsilon(applications, 1e-5);
      double deviation = 4 / Math.sqrt(applications);
      assertThat(delta(bound, deviation)).isLessThan(1e-5);
      assertThat(delta(0.85 * bound, deviation)).isGreaterThan(1e-5);
    }
  }

  private static double delta(double epsilon, double deviation) {
    return normal(1 / (2 * deviation) - epsilon * deviation)
        - Math.exp(epsilon) * normal(-1 / (2 * deviation) - epsilon * deviation);
  }

  /** The normal distribution, by integrating its density. */
  private static double normal(double x) {
    double sum = 0;
    int steps = 200_000;
    double from = -12;
    double width = (x - from) / steps;
    for (int i = 0; i < steps; i++) {
      double at = from + (i + 0.5) * width;
      sum += Math.exp(-at * at / 2) * width;
    }
    return sum / Math.sqrt(2 * Math.PI);
  }

  @Test
  void lessSamplingAndMoreNoiseCostLess() {
    double all = new GaussianAccountant(1, 1).epsilon(20, 1e-5);
    assertThat(new GaussianAccountant(1, 0.1).epsilon(20, 1e-5)).isLessThan(all / 3);
    assertThat(new GaussianAccountant(2, 1).epsilon(20, 1e-5)).isLessThan(all);
    assertThat(new GaussianAccountant(1, 1).epsilon(0, 1e-5)).isZero();
  }

  @Test
  void noiseAtTheSitesIsCountedForDataReplacedByOther() {
    assertThat(Privacy.atSites(1, 4, 1e-5).epsilon(3, 0.1))
        .isEqualTo(Privacy.central(1, 2, 1e-5).epsilon(3, 1));
    assertThat(Privacy.clipping(1).epsilon(3, 1)).isInfinite();
  }

  @Test
  void valuesOutOfRangeAreNamed() {
    assertThatThrownBy(() -> new GaussianAccountant(0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("noiseMultiplier: expected a positive number, found 0.0");
    assertThatThrownBy(() -> new GaussianAccountant(1, 1.5)).hasMessageContaining("sampling");
    assertThatThrownBy(() -> Privacy.central(1, 1, 2)).hasMessageContaining("delta");
  }
}
