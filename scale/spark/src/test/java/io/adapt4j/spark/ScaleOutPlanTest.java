package io.adapt4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What some numbers of workers need and take. */
class ScaleOutPlanTest {

  private static final long PEAK = 2_000_000_000;

  private static ScaleOutPlan plan(int microBatches, boolean compressed) {
    return ScaleOutPlan.of(PEAK, 10_000_000, microBatches, Duration.ofSeconds(2), 1, compressed);
  }

  @Test
  void aWorkerSendsItsGradientsToTheOwnersOfTheirPartsAndItsPartToAll() {
    ScaleOutPlan.Workers two = plan(2, false).counts().get(1);
    assertThat(two.workers()).isEqualTo(2);
    assertThat(two.bytesPerStep()).isEqualTo(2 * 20_000_000);
    // 2 s of computing, 40 MB at 125 MB/s.
    assertThat(two.stepTime()).isEqualTo(Duration.ofMillis(2320));
    assertThat(two.speedUp()).isCloseTo(4 / 2.32, within(1e-9));
  }

  @Test
  void everyMicroBatchIsSentByItselfUnlessGradientsAreCompressed() {
    assertThat(plan(8, false).counts().get(1).bytesPerStep()).isEqualTo(5 * 20_000_000);
    assertThat(plan(8, true).counts().get(1).bytesPerStep()).isEqualTo(20_000_000);
  }

  @Test
  void numbersOfWorkersDoubleUpToThatOfTheMicroBatches() {
    assertThat(plan(6, false).counts())
        .extracting(ScaleOutPlan.Workers::workers)
        .containsExactly(1, 2, 4, 6);
    assertThat(plan(1, false).counts())
        .extracting(ScaleOutPlan.Workers::speedUp)
        .containsExactly(1.0);
  }

  @Test
  void memoryOutsideTheHeapIsSetForEachExecutor() {
    ScaleOutPlan.Workers two = plan(2, false).counts().get(1);
    assertThat(two.overheadBytes()).isEqualTo(Math.round((PEAK + 20_000_000) * 1.1));
    assertThat(two.settings())
        .containsExactly(
            "spark.executor.instances=2",
            "spark.executor.memory=1024m",
            "spark.executor.memoryOverhead=2120m");
    assertThat(plan(2, false).text()).contains("2 workers: 40.0 MB", "2.32 s a step, 1.72 times");
  }

  @Test
  void numbersThatAreNotAboveZeroAreRefused() {
    assertThatThrownBy(() -> ScaleOutPlan.of(1, 1, 1, Duration.ZERO, 0, false))
        .hasMessageContaining("0.0 Gbit/s");
  }
}
