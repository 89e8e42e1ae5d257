package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When a request starts or should come back, by the measured rate. */
class ServiceRateTest {

  private static final long SECOND = 1_000_000_000L;

  private final ServiceRate rate = new ServiceRate();

  /** Answers take 8 seconds and 4 run: one ends every 2 seconds. */
  private void measure() {
    rate.started("measured", 0);
    rate.ended("measured", 8 * SECOND);
    for (int i = 0; i < 4; i++) {
      rate.started(i, 8 * SECOND);
    }
  }

  @Test
  void nothingIsExpectedBeforeAnAnswerIsMeasured() {
    assertThat(rate.untilStart(100, 1)).isZero();
    assertThat(rate.comeBack(100, Duration.ZERO, 0)).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void aRequestStartsWhenThoseAheadHave() {
    measure();
    assertThat(rate.untilStart(0, 5)).isZero();
    assertThat(rate.untilStart(0, 4)).isEqualTo(Duration.ofSeconds(2));
    assertThat(rate.untilStart(9, 4)).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void refusedRequestsComeBackOneAfterTheOtherUntilAllPresentOnesAreAnswered() {
    measure();
    long now = 8 * SECOND;
    assertThat(rate.comeBack(1, Duration.ZERO, now)).isEqualTo(Duration.ofSeconds(2));
    assertThat(rate.comeBack(1, Duration.ZERO, now)).isEqualTo(Duration.ofSeconds(4));
    for (int i = 0; i < 10; i++) {
      assertThat(rate.comeBack(1, Duration.ZERO, now)).isLessThanOrEqualTo(Duration.ofSeconds(10));
    }
    assertThat(rate.comeBack(1, Duration.ofSeconds(30), now)).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void theMeanFollowsTheNewest() {
    measure();
    for (int i = 0; i < 4; i++) {
      rate.ended(i, 10 * SECOND);
    }
    rate.started("next", 10 * SECOND);
    assertThat(rate.untilStart(1, 1)).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(10));
  }
}
