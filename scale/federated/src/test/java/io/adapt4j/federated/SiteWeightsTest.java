package io.adapt4j.federated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Shares of sites by their tokens, with and without a limit. */
class SiteWeightsTest {

  @Test
  void sharesAreInProportionToTokens() {
    assertThat(SiteWeights.of(List.of(10L, 30L, 60L), 1)).containsExactly(0.1, 0.3, 0.6);
    assertThat(SiteWeights.of(List.of(7L), 0.5)).containsExactly(1);
  }

  @Test
  void excessGoesToTheOthersInProportion() {
    assertThat(SiteWeights.of(List.of(10L, 30L, 1_000_000_000L), 0.5))
        .containsExactly(new double[] {0.125, 0.375, 0.5}, within(1e-12));
  }

  @Test
  void limitBelowEqualSharesGivesEqualShares() {
    assertThat(SiteWeights.of(List.of(1L, 2L, 3L, 4L), 0.1))
        .containsExactly(new double[] {0.25, 0.25, 0.25, 0.25}, within(1e-12));
  }

  @Test
  void sharesSumToOneAndNoneExceedsTheLimitAndOrderIsKept() {
    SplittableRandom random = new SplittableRandom(1);
    for (int trial = 0; trial < 500; trial++) {
      int sites = random.nextInt(1, 12);
      double limit = random.nextDouble(0.01, 1);
      List<Long> tokens = new ArrayList<>();
      for (int i = 0; i < sites; i++) {
        tokens.add(1 + (long) Math.pow(10, random.nextDouble(0, 12)));
      }
      double[] shares = SiteWeights.of(tokens, limit);
      assertThat(Arrays.stream(shares).sum()).isCloseTo(1, within(1e-9));
      for (int i = 0; i < sites; i++) {
        assertThat(shares[i]).isBetween(0.0, Math.max(limit, 1.0 / sites) + 1e-9);
        for (int j = 0; j < sites; j++) {
          assertThat(tokens.get(i) <= tokens.get(j) || shares[i] >= shares[j] - 1e-12).isTrue();
        }
      }
    }
  }
}
