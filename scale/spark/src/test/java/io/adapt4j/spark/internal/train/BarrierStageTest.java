package io.adapt4j.spark.internal.train;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.SettingsException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the driver says of problems that workers found. */
class BarrierStageTest {

  @Test
  void problemOfOneWorkerIsSaidOnceAndAsItIs() {
    List<WorkerTask.Result> results =
        List.of(
            new WorkerTask.Result(0, List.of("worker 1: data: no rows"), true, null),
            WorkerTask.Result.refused(1, List.of("data: no rows")));

    assertThatThrownBy(() -> BarrierStage.finished(results))
        .isInstanceOf(SettingsException.class)
        .hasMessage(
            "This fine-tuning cannot start:\n  - data: no rows\nNothing was loaded or written.");
  }

  @Test
  void problemThatOnlyOthersTellIsSaidWithItsWorker() {
    List<WorkerTask.Result> results =
        List.of(new WorkerTask.Result(0, List.of("worker 1: data: no rows"), true, null));

    assertThatThrownBy(() -> BarrierStage.finished(results))
        .hasMessageContaining("  - worker 1: data: no rows");
  }
}
