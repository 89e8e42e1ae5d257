package io.adapt4j.core.internal.train;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.adapt4j.core.train.LearningRateSchedule;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LearningRateTest {
  @ParameterizedTest
  @ValueSource(strings = {"llama_qv", "qwen2_all_linear", "llama_rslora"})
  void everyStepHasTheRateOfTheTransformersTrainer(String run) throws IOException {
    JsonNode golden = golden(run);
    LearningRate rate =
        new LearningRate(
            schedule(golden.get("lr_scheduler_type").asText()),
            golden.get("learning_rate").asDouble(),
            Warmup.ofSteps(golden.get("warmup_steps").asInt()),
            golden.get("optimizer_steps").asInt());
    assertThat(golden.get("lr")).hasSize(rate.totalSteps());
    for (int step = 0; step < rate.totalSteps(); step++) {
      assertThat(rate.rate(step))
          .as("step %d", step)
          .isCloseTo(golden.get("lr").get(step).asDouble(), within(1e-9));
    }
  }

  @Test
  void constantStaysAtTheBaseAfterTheWarmup() {
    LearningRate rate = new LearningRate(LearningRateSchedule.CONSTANT, 8, Warmup.ofSteps(4), 100);
    assertThat(new double[] {rate.rate(0), rate.rate(1), rate.rate(3), rate.rate(4), rate.rate(99)})
        .containsExactly(0, 2, 6, 8, 8);
  }

  @Test
  void linearAndCosineEndAtZeroAndStayThere() {
    for (LearningRateSchedule schedule :
        new LearningRateSchedule[] {LearningRateSchedule.LINEAR, LearningRateSchedule.COSINE}) {
      LearningRate rate = new LearningRate(schedule, 1, Warmup.NONE, 10);
      assertThat(rate.rate(0)).isEqualTo(1);
      assertThat(rate.rate(5)).isCloseTo(0.5, within(1e-12));
      assertThat(rate.rate(10)).isZero();
      assertThat(rate.rate(15)).isZero();
    }
  }

  @Test
  void cosineEndsAtItsShare() {
    LearningRate rate =
        new LearningRate(LearningRateSchedule.cosineTo(0.1), 1, Warmup.ofSteps(2), 12);
    assertThat(rate.rate(2)).isEqualTo(1);
    assertThat(rate.rate(7)).isCloseTo(0.55, within(1e-12));
    assertThat(rate.rate(12)).isCloseTo(0.1, within(1e-12));
  }

  @Test
  void restartsBeginAtTheFullRateAgain() {
    LearningRate rate =
        new LearningRate(LearningRateSchedule.cosineWithRestarts(2), 1, Warmup.ofSteps(4), 24);
    assertThat(rate.rate(4)).isEqualTo(1);
    assertThat(rate.rate(9)).isCloseTo(0.5, within(1e-12));
    assertThat(rate.rate(14)).isEqualTo(1);
    assertThat(rate.rate(19)).isCloseTo(0.5, within(1e-12));
    assertThat(rate.rate(24)).isZero();
  }

  @Test
  void polynomialFallsByItsPowerToItsEnd() {
    LearningRate rate =
        new LearningRate(LearningRateSchedule.polynomial(2, 0.2), 1, Warmup.NONE, 10);
    assertThat(rate.rate(5)).isCloseTo(0.2 + 0.8 * 0.25, within(1e-12));
    assertThat(rate.rate(10)).isCloseTo(0.2, within(1e-12));
  }

  @Test
  void warmupStableDecayFallsInItsLastStepsOnly() {
    LearningRate rate =
        new LearningRate(LearningRateSchedule.warmupStableDecay(0.2), 1, Warmup.ofSteps(10), 100);
    assertThat(rate.rate(5)).isEqualTo(0.5);
    assertThat(rate.rate(10)).isEqualTo(1);
    assertThat(rate.rate(80)).isCloseTo(1, within(1e-12));
    assertThat(rate.rate(90)).isCloseTo(0.5, within(1e-12));
    assertThat(rate.rate(100)).isCloseTo(0, within(1e-12));
  }

  @Test
  void aWarmupRatioIsRoundedUpToWholeSteps() {
    assertThat(Warmup.ofRatio(0.03).steps(240)).isEqualTo(8);
    assertThat(Warmup.ofRatio(0.1).steps(100)).isEqualTo(10);
    assertThat(Warmup.ofRatio(0).steps(100)).isZero();
  }

  @Test
  void aWarmupLongerThanTheRunNeverReachesTheBase() {
    LearningRate rate = new LearningRate(LearningRateSchedule.LINEAR, 1, Warmup.ofSteps(20), 10);
    assertThat(rate.rate(9)).isEqualTo(0.45);
  }

  @Test
  void valuesOutOfRangeAreNamed() {
    assertThatThrownBy(() -> Warmup.ofSteps(-1)).hasMessageContaining("at least 0, but is -1");
    assertThatThrownBy(() -> Warmup.ofRatio(1.5))
        .hasMessageContaining("between 0 and 1, but is 1.5");
    assertThatThrownBy(() -> new LearningRate(LearningRateSchedule.LINEAR, 0, Warmup.NONE, 10))
        .hasMessageContaining("above 0, but is 0.0");
    assertThatThrownBy(() -> LearningRateSchedule.LINEAR.factor(-1, 0, 10))
        .hasMessageContaining("step must be at least 0, but is -1");
  }

  private static LearningRateSchedule schedule(String name) {
    return name.equals("linear") ? LearningRateSchedule.LINEAR : LearningRateSchedule.COSINE;
  }

  private static JsonNode golden(String run) throws IOException {
    try (InputStream json = LearningRateTest.class.getResourceAsStream("lr_" + run + ".json")) {
      return new ObjectMapper().readTree(json);
    }
  }

  @Test
  void aScheduleOfOnesOwnGetsTheProgressAfterTheWarmup() {
    LearningRateSchedule squared =
        LearningRateSchedule.custom("squared", (done, warmup) -> 1 - done * done);
    assertThat(squared.factor(1, 2, 10)).isEqualTo(0.5);
    assertThat(squared.factor(6, 2, 10)).isEqualTo(0.75);
    assertThat(squared).hasToString("custom squared");
    assertThat(LearningRateSchedule.custom("below", (done, warmup) -> -1).factor(0, 0, 1)).isZero();
    LearningRateSchedule broken =
        LearningRateSchedule.custom("broken", (done, warmup) -> Double.NaN);
    refuses(IllegalStateException.class, () -> broken.factor(0, 0, 10), "'custom broken'");
  }
}
