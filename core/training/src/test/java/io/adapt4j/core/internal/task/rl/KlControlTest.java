package io.adapt4j.core.internal.task.rl;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Rewards;
import org.junit.jupiter.api.Test;

class KlControlTest {

  @Test
  void anAdaptiveCoefficientFollowsItsTarget() {
    Ppo.Builder builder = Ppo.builder().reward("a", Rewards.regex("a"));
    Ppo adaptive = builder.adaptiveKl(0.1, 6, 1000).build();
    assertThat(KlControl.after(adaptive, 0.1, 12, 100)).isGreaterThan(0.1).isEqualTo(0.1 * 1.02);
    assertThat(KlControl.after(adaptive, 0.1, 3, 100)).isLessThan(0.1).isEqualTo(0.1 * 0.98);
    Ppo fixed = builder.klCoefficient(0.1).build();
    assertThat(KlControl.after(fixed, 0.1, 12, 100)).isEqualTo(0.1);
  }
}
