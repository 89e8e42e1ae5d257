package io.adapt4j.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.train.RunMetrics;
import io.adapt4j.core.train.ResourceUse;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class RunFiguresTest {

  private final RunMetrics.Collector collector = new RunMetrics.Collector();

  @Test
  void beforeAnyStepNothingIsKnown() {
    assertThat(collector.metrics()).isEqualTo(RunMetrics.NONE);
  }

  @Test
  void speedIsOverTheTimeOfStepsAndMemoryIsThePeak() {
    for (long mebibytes : new long[] {100, 300, 200}) {
      ResourceUse use =
          new ResourceUse(
              OptionalLong.of(1),
              OptionalLong.of(mebibytes << 20),
              OptionalDouble.of(mebibytes / 400.0));
      collector.step(MadeUpRun.step(1, 2, 1, 1, use));
    }
    collector.warned(MadeUpRun.WARNING);
    RunMetrics metrics = collector.metrics();
    assertThat(metrics.tokensPerSecond().orElseThrow()).isCloseTo(1234.5, within(1e-9));
    assertThat(metrics.targetTokensPerSecond().orElseThrow()).isCloseTo(824, within(1e-9));
    assertThat(metrics.peakResidentBytes()).hasValue(300L << 20);
    assertThat(metrics.processorShare().orElseThrow()).isCloseTo(0.5, within(1e-9));
    assertThat(metrics.warnings()).containsExactly(MadeUpRun.WARNING);
  }

  @Test
  void anotherRunStartsAnew() {
    collector.step(MadeUpRun.step(1, 2, 1, 1, ResourceUse.UNKNOWN));
    collector.warned(MadeUpRun.WARNING);
    collector.started(MadeUpRun.start(10));
    assertThat(collector.metrics()).isEqualTo(RunMetrics.NONE);
  }
}
