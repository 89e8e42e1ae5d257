package io.adapt4j.core.internal.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The estimate of the time left, by a clock that the test moves. */
class TimeLeftTest {

  private long now;

  private TimeLeft left = new TimeLeft(() -> now, 1);

  private void step(double seconds) {
    pass(seconds);
    left.stepEnded();
  }

  private void pass(double seconds) {
    now += Math.round(seconds * 1e9);
  }

  private Optional<Duration> estimate(int steps) {
    return left.estimate(steps, 0);
  }

  @Test
  void saysNothingBeforeItKnows() {
    step(22);
    assertThat(estimate(3600)).isEmpty();
    step(3);
    step(0.25);
    step(0.25);
    assertThat(estimate(3600)).isEmpty();
    step(0.25);
    assertThat(estimate(3600)).contains(Duration.ofMinutes(15));
  }

  @Test
  void neverCountsTheFirstSteps() {
    step(600);
    step(60);
    for (int i = 0; i < 50; i++) {
      step(1);
    }
    assertThat(estimate(100)).contains(Duration.ofSeconds(100));
  }

  @Test
  void keepsEvaluationsApart() {
    for (int i = 0; i < 5; i++) {
      step(1);
    }
    left.pause();
    pass(30);
    left.evaluated();
    left.pause();
    pass(10);
    left.saved();
    step(1);
    assertThat(left.estimate(10, 2)).contains(Duration.ofSeconds(10 + 2 * 40));
  }

  @Test
  void aSavedStateAloneIsNoEvaluation() {
    for (int i = 0; i < 5; i++) {
      step(1);
    }
    left.pause();
    pass(100);
    left.saved();
    step(1);
    assertThat(left.estimate(10, 2)).contains(Duration.ofSeconds(10));
  }

  @Test
  void countsRolloutsAsAWhole() {
    left = new TimeLeft(() -> now, 4);
    for (int rollout = 0; rollout < 4; rollout++) {
      assertThat(estimate(40)).isEmpty();
      step(rollout == 0 ? 100 : 9);
      step(1);
      step(1);
      step(1);
    }
    assertThat(estimate(40)).contains(Duration.ofMinutes(2));
    step(9);
    assertThat(estimate(40)).contains(Duration.ofMinutes(2));
  }

  @Test
  void oneStepThatWasHeldUpDoesNotDecide() {
    for (int i = 0; i < 22; i++) {
      step(i == 12 ? 3600 : 1);
    }
    assertThat(estimate(1000).orElseThrow()).isLessThan(Duration.ofMinutes(25));
  }

  @Test
  void followsARunThatSlowsDown() {
    for (int i = 0; i < 50; i++) {
      step(1);
    }
    for (int i = 0; i < 100; i++) {
      step(2);
    }
    assertThat(estimate(10)).contains(Duration.ofSeconds(20));
  }

  @Test
  void theLastStepLeavesTheLastEvaluation() {
    left.pause();
    pass(7);
    left.evaluated();
    step(1);
    assertThat(left.estimate(0, 1)).contains(Duration.ofSeconds(7));
  }
}
