package io.adapt4j.serve.internal.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads that are late are interrupted, others are not. */
@Timeout(30)
class WatchTest {

  @AutoClose private final Watch watch = new Watch();

  @Test
  void interruptsAThreadThatIsNotDoneInTime() {
    try (Watch.Watched watched = watch.watch(Duration.ofMillis(10))) {
      assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> Thread.sleep(20_000));
    }
  }

  @Test
  void leavesAThreadAloneThatIsDone() throws InterruptedException {
    try (Watch.Watched watched = watch.watch(Duration.ofMillis(30))) {
      assertThat(watch.watched()).isOne();
    }
    Thread.sleep(100);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void forgetsAThreadThatIsDoneLongBeforeItsTime() {
    for (int i = 0; i < 100; i++) {
      watch.watch(Duration.ofHours(1)).close();
    }
    assertThat(watch.watched()).isZero();
  }

  @Test
  void interruptsNobodyAfterItIsClosed() throws InterruptedException {
    try (Watch.Watched watched = watch.watch(Duration.ofMillis(50))) {
      watch.close();
      Thread.sleep(150);
      assertThat(Thread.interrupted()).isFalse();
    }
  }
}
