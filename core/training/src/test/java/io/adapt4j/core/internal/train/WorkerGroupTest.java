package io.adapt4j.core.internal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Workers that train one model together. */
class WorkerGroupTest {

  private static final int STEPS = 4;

  private static final TrainingStep.Settings SETTINGS =
      new TrainingStep.Settings(Optimizer.adamW(), 0.01, 0.1, false);

  @TempDir static Path base;

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @ParameterizedTest
  @CsvSource({"2, 2", "3, 3", "4, 4", "2, 4", "2, 3", "3, 4", "4, 6"})
  void workersWithSomeMicroBatchesEachAreOneWorkerToTheBit(int workers, int microBatches)
      throws Exception {
    Trace alone = train(WorkerGroup.ALONE, microBatches);
    for (Trace worker : ThreadGroupOfWorkers.run(workers, group -> train(group, microBatches))) {
      assertThat(worker.losses).isEqualTo(alone.losses);
      alone.values.forEach(
          (name, values) -> assertThat(worker.values.get(name)).as(name).isEqualTo(values));
    }
  }

  @Test
  void whatDiffersBetweenWorkersIsRefusedByName() {
    assertThatThrownBy(
            () ->
                ThreadGroupOfWorkers.run(
                    3,
                    group -> {
                      WorkerAgreement.require(
                          group, Map.of("seed", "1", "threads", group.rank() == 2 ? "8" : "4"));
                      return 0;
                    }))
        .rootCause()
        .hasMessageContaining("threads: 4 on worker 0, 8 on worker 2")
        .hasMessageNotContaining("seed");
  }

  @Test
  void trainedValuesThatHaveDriftedApartAreNoticed() {
    assertThatThrownBy(
            () ->
                ThreadGroupOfWorkers.run(
                    2,
                    group -> {
                      try (SmallRun small = new SmallRun(base)) {
                        if (group.rank() == 1) {
                          small
                              .adaptation
                              .trained()
                              .get(0)
                              .value()
                              .fill(data -> data.put(0, (byte) 1));
                        }
                        WorkerAgreement.requireSameValues(group, small.adaptation.trained(), 7);
                      }
                      return 0;
                    }))
        .rootCause()
        .hasMessageContaining("After step 7")
        .hasMessageContaining("worker 1");
  }

  private record Trace(List<Double> losses, Map<String, float[]> values) {}

  private static Trace train(WorkerGroup group, int microBatches) {
    try (SmallRun small = new SmallRun(base);
        TrainingStep<Batch> step =
            new TrainingStep<>(
                new NextTokens(small.decoder),
                small.adaptation,
                SETTINGS,
                StepHooks.NONE.among(group))) {
      List<Double> losses = new ArrayList<>();
      Iterator<Batch> batches =
          small.batches(SmallModel.sentences(2 * microBatches * STEPS), 2).epoch(0);
      for (int i = 0; i < STEPS; i++) {
        List<Batch> micro = new ArrayList<>();
        while (micro.size() < microBatches) {
          micro.add(batches.next());
        }
        double targets = micro.stream().mapToLong(Batch::targetTokens).sum();
        losses.add(step.run(micro, targets, 0.01, i).loss());
      }
      Map<String, float[]> values = new HashMap<>();
      small.adaptation.trained().forEach(it -> values.put(it.name(), it.value().toFloats()));
      assertThat(values).isNotEmpty();
      return new Trace(losses, values);
    }
  }
}
