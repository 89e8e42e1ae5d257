package io.adapt4j.core.internal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class EarlyStoppingTest {
  @Test
  void stopsAfterAsManyEvaluationsWithoutImprovementAsThePatience() {
    EarlyStopping state = after(EarlyStopping.withPatience(2), 3.0, 2.0, 2.1);
    assertThat(state.shouldStop()).isFalse();
    assertThat(state.afterEvaluation(2.0).shouldStop()).isTrue();
  }

  @Test
  void anImprovementStartsTheCountAgain() {
    EarlyStopping state = after(EarlyStopping.withPatience(2), 3.0, 3.1, 2.9, 3.0);
    assertThat(state).isEqualTo(new EarlyStopping(2, 0, 2.9, 1));
  }

  @Test
  void aFallWithinTheMinimumDeltaIsNoImprovement() {
    EarlyStopping state = after(EarlyStopping.of(3, 0.1), 3.0, 2.95);
    assertThat(state).isEqualTo(new EarlyStopping(3, 0.1, 3.0, 1));
  }

  @Test
  void smallFallsAddUpToAnImprovement() {
    EarlyStopping state = after(EarlyStopping.of(3, 0.1), 3.0, 2.95, 2.88);
    assertThat(state).isEqualTo(new EarlyStopping(3, 0.1, 2.88, 0));
  }

  @Test
  void aLossOfNanIsNoImprovement() {
    assertThat(after(EarlyStopping.withPatience(1), Double.NaN).shouldStop()).isTrue();
  }

  @Test
  void valuesOutOfRangeAreNamed() {
    assertThatThrownBy(() -> EarlyStopping.withPatience(0))
        .hasMessage("early stopping patience must be at least 1, but is 0");
    assertThatThrownBy(() -> EarlyStopping.of(1, -0.5)).hasMessageContaining("but is -0.5");
  }

  private static EarlyStopping after(EarlyStopping state, double... losses) {
    for (double loss : losses) {
      state = state.afterEvaluation(loss);
    }
    return state;
  }

  @Test
  void aSavedStateOutOfRangeIsRefused() {
    assertThatThrownBy(() -> new EarlyStopping(3, Double.POSITIVE_INFINITY, 1, 0))
        .hasMessageContaining("minDelta");
    assertThatThrownBy(() -> new EarlyStopping(3, 0, Double.NaN, 0)).hasMessageContaining("best");
    assertThatThrownBy(() -> new EarlyStopping(3, 0, 1, -1))
        .hasMessageContaining("staleEvaluations");
  }
}
