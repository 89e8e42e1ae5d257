package io.adapt4j.core.internal.task.rl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.reinforce.ClippedRatio;
import io.adapt4j.core.reinforce.KlEstimator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import org.junit.jupiter.api.Test;

class PolicyLossTest {

  private static final PolicyLoss OBJECTIVE =
      new PolicyLoss(new ClippedRatio(0.2, 0.2), false, 0.1);

  @Test
  void aLogRatioThatWouldOverflowIsCountedAndHasNoDerivative() {
    PolicyLoss.Outcome found = OBJECTIVE.of(token(-1, -200, -1, -1));
    assertThat(found.loss()).isFinite().isCloseTo(Math.exp(20), within(1e-3));
    assertThat(found.derivative()).containsExactly(0);
    assertThat(found.overflows()).isEqualTo(1);
  }

  @Test
  void aReferenceFarAwayGivesAFiniteDivergence() {
    PolicyLoss.Outcome found = OBJECTIVE.of(token(-300, -300, -1, 0));
    assertThat(found.kl()).isFinite();
    assertThat(found.derivative()[0]).isFinite();
  }

  @Test
  void withoutOldLogProbabilitiesTheRatioIsOne() {
    PolicyLoss.Outcome found =
        new PolicyLoss(new ClippedRatio(0.2, 0.2), false, 0)
            .of(
                new PolicyTokens(
                    new int[] {1},
                    new TokenWeights(new double[] {1}, new double[] {1}, 1),
                    new float[] {-3},
                    new float[0],
                    new float[0],
                    new float[] {2}));
    assertThat(found.loss()).isEqualTo(-2);
    assertThat(found.derivative()).containsExactly(-2);
  }

  @Property(tries = 300)
  void theDivergenceIsNeverBelowZero(
      @ForAll @FloatRange(min = -40, max = 0) float policy,
      @ForAll @FloatRange(min = -40, max = 0) float reference) {
    assertThat(Divergence.of(KlEstimator.K3, policy, reference)).isGreaterThanOrEqualTo(0);
    assertThat(OBJECTIVE.of(token(policy, policy, reference, 1)).kl()).isFinite();
  }

  @Property(tries = 300)
  void aRatioOutsideItsLimitsPushesNoFurther(
      @ForAll @FloatRange(min = 0.3f, max = 5) float logRatio) {
    assertThat(clipOnly(logRatio, 1)).containsExactly(0);
    assertThat(clipOnly(-logRatio, -1)).containsExactly(0);
    assertThat(clipOnly(logRatio, -1)[0]).isPositive();
    assertThat(clipOnly(-logRatio, 1)[0]).isNegative();
  }

  private static float[] clipOnly(float logRatio, float advantage) {
    return new PolicyLoss(new ClippedRatio(0.2, 0.2), false, 0)
        .of(token(-1, -1 - logRatio, -1, advantage))
        .derivative();
  }

  private static PolicyTokens token(float policy, float old, float reference, float advantage) {
    return new PolicyTokens(
        new int[] {1},
        new TokenWeights(new double[] {1}, new double[] {1}, 1),
        new float[] {policy},
        new float[] {old},
        new float[] {reference},
        new float[] {advantage});
  }
}
