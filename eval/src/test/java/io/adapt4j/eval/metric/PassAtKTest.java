package io.adapt4j.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.internal.metric.PassAtK;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** pass@k of Chen et al. 2021. */
class PassAtKTest {
  private static final Offset<Double> EQUAL = within(1e-12);

  @Test
  void theEstimateCountsTheChoicesThatAreAllWrong() {
    assertThat(PassAtK.estimate(5, 2, 1)).isCloseTo(0.4, EQUAL);
    assertThat(PassAtK.estimate(5, 2, 3)).isCloseTo(1 - 1 / 10.0, EQUAL);
    assertThat(PassAtK.estimate(5, 3, 3)).isEqualTo(1);
    assertThat(PassAtK.estimate(200, 0, 100)).isZero();
  }

  @Test
  void theEstimateIsTheMeanOverAllSubsets() {
    int hits = 0;
    int subsets = 0;
    for (int mask = 0; mask < 1 << 8; mask++) {
      if (Integer.bitCount(mask) == 3) {
        subsets++;
        hits += (mask & 0b11) != 0 ? 1 : 0;
      }
    }
    assertThat(PassAtK.estimate(8, 2, 3)).isCloseTo((double) hits / subsets, EQUAL);
  }

  @Test
  void problemsHaveTheirMeanHoweverTheyAreParted() {
    PassAtK left = new PassAtK(1, 2);
    PassAtK right = new PassAtK(1, 2);
    left.add(4, 1);
    right.add(2, 2);
    left.merge(right);
    assertThat(left.at(1)).isCloseTo((0.25 + 1) / 2, EQUAL);
    assertThat(left.at(2)).isCloseTo((0.5 + 1) / 2, EQUAL);
  }

  @Test
  void badRowsAreNamed() {
    PassAtK pass = new PassAtK(1, 10);
    pass.add(10, 3);
    assertThatThrownBy(() -> pass.add(5, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 2: pass@10 needs at least so many samples");
    assertThatThrownBy(() -> pass.add(10, 11)).hasMessageContaining("Row 2");
    assertThatThrownBy(() -> pass.at(3)).hasMessageContaining("k = 3 was not counted");
    assertThatThrownBy(() -> new PassAtK(1).at(1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> pass.merge(new PassAtK(1))).hasMessageContaining("different settings");
  }
}
