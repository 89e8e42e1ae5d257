package io.adapt4j.lora.internal.eva;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Ranks go where they explain most. */
class RankDistributionTest {

  @Test
  void theLargestSharesWin() {
    assertThat(
            RankDistribution.of(
                List.of(
                    new float[] {0.5f, 0.1f, 0.05f},
                    new float[] {0.3f, 0.2f, 0.15f},
                    new float[] {0.04f, 0.03f, 0.02f}),
                5))
        .containsExactly(2, 3, 0);
  }

  @Test
  void ofEqualSharesTheFirstProjectionsWin() {
    float[] same = {0.4f, 0.2f};
    assertThat(RankDistribution.of(List.of(same, same, same), 4)).containsExactly(2, 1, 1);
  }

  @Test
  void theSumStaysWhateverTheShares() {
    Random random = new Random(4);
    for (int run = 0; run < 50; run++) {
      int rank = 1 + random.nextInt(8);
      int rho = 1 + random.nextInt(3);
      List<float[]> shares = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(9); i++) {
        float[] own = new float[rank * rho];
        float left = 1;
        for (int k = 0; k < own.length; k++) {
          own[k] = left * (0.2f + 0.3f * random.nextFloat());
          left = own[k];
        }
        shares.add(own);
      }
      int[] ranks = RankDistribution.of(shares, rank * shares.size());
      assertThat(Arrays.stream(ranks).sum()).isEqualTo(rank * shares.size());
      assertThat(Arrays.stream(ranks).max().orElseThrow()).isLessThanOrEqualTo(rank * rho);
      if (rho == 1) {
        assertThat(ranks).containsOnly(rank);
      }
    }
  }
}
