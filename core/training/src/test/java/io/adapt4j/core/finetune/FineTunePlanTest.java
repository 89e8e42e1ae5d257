package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.plan.TimedSteps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a tuner says before it runs. */
class FineTunePlanTest {

  @TempDir static Path base;

  @TempDir Path output;

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  private FineTuner tuner() {
    return tuner(FullFineTuning.create());
  }

  private FineTuner tuner(FullFineTuning method) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(SmallModel.sentences(20).split(0.8, 0.2, 0, 1))
        .method(method)
        .output(output)
        .batchSize(4)
        .epochs(2)
        .learningRate(1e-3)
        .build();
  }

  @Test
  void aPlanPredictsTheMemoryOfTheLongestBatch() {
    FineTunePlan plan = tuner().plan();
    assertThat(plan.steps()).isEqualTo(8);
    assertThat(((RunPlan) plan).forecast().orElseThrow().fits()).isTrue();
    assertThat(((RunPlan) plan).forecast().orElseThrow().rows()).isEqualTo(4);
    assertThat(plan.timed()).isEmpty();
    assertThat(plan.text()).contains("8 steps over 16 examples", "weights", "predicted peak");
    assertThat(Json.written(plan.json()).path("memory").path("peakBytes").longValue()).isPositive();
  }

  @Test
  void aPlanStatesWhatTheMethodGainedAndForgotWhereItWasMeasured() {
    assertThat(tuner().plan().text())
        .contains("note: gain and forgetting: stories260K", "an order of methods, not a forecast");
    FineTunePlan unlike = tuner(FullFineTuning.create().freezeFirstLayers(1)).plan();
    assertThat(unlike.notes())
        .singleElement()
        .asString()
        .startsWith("gain and forgetting: not measured for full fine-tuning");
  }

  @Test
  void aPlanForASmallerDeviceSaysWhatHelps() {
    FineTunePlan plan = tuner().plan(Device.gpu("tiny", 1_000_000));
    assertThat(((RunPlan) plan).forecast().orElseThrow().fits()).isFalse();
    assertThat(plan.text()).contains("does not fit tiny (1.0 MB)");
  }

  @Test
  void timedStepsWriteNothingAndLeaveTheRunToCome() throws IOException {
    FineTuner tuner = tuner();
    long before = Tensor.live();
    TimedSteps timed = tuner.measure(2);
    assertThat(Tensor.live()).isEqualTo(before);
    try (Stream<Path> children = Files.list(output)) {
      assertThat(children).isEmpty();
    }
    assertThat(timed.steps()).isEqualTo(2);
    assertThat(timed.secondsPerStep()).isPositive();
    assertThat(timed.evaluationSeconds()).isPositive();
    assertThat(timed.total().toNanos() / 1e9)
        .isGreaterThanOrEqualTo(8 * timed.secondsPerStep() - 1e-3);
    assertThat(timed.text()).contains("timed 2 steps", "predicted time");
    assertThat(tuner.run().steps()).isEqualTo(8);
  }
}
