package io.adapt4j.studio.internal.screen;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The page of a run. */
class RunScreenTest {

  @Test
  void aLongRunIsLookedAtLessOften() {
    assertThat(RunScreen.refreshMillis(Duration.ZERO)).isEqualTo(1000);
    assertThat(RunScreen.refreshMillis(Duration.ofSeconds(150))).isEqualTo(2500);
    assertThat(RunScreen.refreshMillis(Duration.ofHours(1))).isEqualTo(5000);
  }
}
