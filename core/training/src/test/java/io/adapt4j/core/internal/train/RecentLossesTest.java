package io.adapt4j.core.internal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Where the training loss of a run stands at its end. */
class RecentLossesTest {

  @Test
  void aSmallLastBatchHardlyCounts() {
    RecentLosses losses = RecentLosses.NONE.with(2.0, 640).with(2.1, 640).with(6.0, 20);
    assertThat(losses.mean(3)).isCloseTo((2.1 * 640 + 6.0 * 20) / 660, within(1e-12));
  }

  @Test
  void aLongRunIsJudgedByItsLastTenSteps() {
    RecentLosses losses = RecentLosses.NONE;
    for (int step = 1; step <= 200; step++) {
      losses = losses.with(step <= 190 ? 5 : 1, 8);
    }
    assertThat(losses.mean(200)).isEqualTo(1);
    assertThat(losses.steps()).hasSize(10);
  }

  @Test
  void ofShortRunsTheLastTwoStepsCountAndOfNoneNothing() {
    assertThat(RecentLosses.NONE.with(4, 1).mean(1)).isEqualTo(4);
    assertThat(RecentLosses.NONE.with(9, 1).with(4, 1).with(2, 1).mean(3)).isEqualTo(3);
    assertThat(RecentLosses.NONE.mean(0)).isNaN();
  }

  @Test
  void theyAreReadBackToTheBit() {
    RecentLosses losses = RecentLosses.NONE.with(0.1 + 0.2, 3).with(Double.NaN, 1e-300);
    assertThat(RecentLosses.of(losses.json())).isEqualTo(losses);
  }
}
