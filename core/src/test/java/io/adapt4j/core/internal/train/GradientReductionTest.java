package io.adapt4j.core.internal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.data.Batch;
import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that share their gradients, or average what they trained. */
class GradientReductionTest {

  private static final int STEPS = 5;
  private static final int WORKERS = 2;

  /** Plain descent: Adam would turn rounding of tiny gradients into whole steps. */
  private static final TrainingStep.Settings SETTINGS =
      new TrainingStep.Settings(Optimizer.sgd(0.9), 0.01, 1, false);

  @TempDir static Path base;

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @Test
  void twoWorkersWithHalfTheMicroBatchesEachAreOneWorker() throws Exception {
    Trace trace = train(0, 1, GradientReduction.NONE);

    Exchange exchange = new Exchange();
    ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
    try {
      List<Future<Trace>> running =
          IntStream.range(0, WORKERS)
              .mapToObj(
                  worker ->
                      workers.submit(() -> train(worker, WORKERS, exchange.reduction(worker))))
              .toList();
      for (Future<Trace> worker : running) {
        Trace found = worker.get();
        for (int step = 0; step < STEPS; step++) {
          assertThat(found.losses.get(step)).isCloseTo(trace.losses.get(step), within(1e-6));
        }
        for (String name : trace.values.names()) {
          assertThat(found.values.values(name))
              .as(name)
              .containsExactly(trace.values.values(name), within(1e-6f));
        }
      }
    } finally {
      workers.shutdownNow();
    }
  }

  @Test
  void withoutReductionTheWorkersDriftApart() {
    Trace trace = train(0, 1, GradientReduction.NONE);
    Trace half = train(1, WORKERS, GradientReduction.NONE);
    assertThat(half.losses.get(STEPS - 1)).isNotCloseTo(trace.losses.get(STEPS - 1), within(1e-6));
  }

  @Test
  void trainedValuesAreAveragedByWeightAndTakenOver() {
    try (SmallRun small = new SmallRun(base)) {
      TrainableValues before = TrainableValues.of(small.adaptation);
      String name = before.names().iterator().next();
      Trainable first = small.adaptation.trained().get(0);
      try (Tensor four = Tensor.of(new float[] {4}, 1)) {
        first.value().copyFrom(four);
      }
      TrainableValues after = TrainableValues.of(small.adaptation);
      TrainableValues.average(List.of(before, after), List.of(1.0, 3.0)).copyTo(small.adaptation);
      float[] found = first.value().toFloats();
      float[] was = before.values(name);
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i]).isCloseTo((was[i] + 3 * 4) / 4, within(1e-6f));
      }
    }
  }

  @Test
  void valuesOfAnotherMethodAreRefusedAndNothingChanges() {
    try (SmallRun small = new SmallRun(base)) {
      TrainableValues own = TrainableValues.of(small.adaptation);
      TrainableValues other = TrainableValues.of(Map.of("lora_A", new float[] {1}));
      assertThatThrownBy(() -> other.copyTo(small.adaptation))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("found 1");
      assertThatThrownBy(() -> TrainableValues.average(List.of(own, other), List.of(1.0, 1.0)))
          .hasMessageContaining("found none");
      assertThatThrownBy(() -> TrainableValues.average(List.of(own), List.of(0.0)))
          .hasMessageContaining("above 0");
    }
  }

  private record Trace(List<Double> losses, TrainableValues values) {}

  /** Trains on each step's micro-batches whose number leaves the worker's as a remainder. */
  private static Trace train(int worker, int workers, GradientReduction reduction) {
    try (SmallRun small = new SmallRun(base);
        TrainingStep<Batch> step =
            new TrainingStep<>(
                new NextTokens(small.decoder),
                small.adaptation,
                SETTINGS,
                new StepHooks(reduction, List.of()))) {
      List<Double> losses = new ArrayList<>();
      Iterator<Batch> batches = small.batches(SmallModel.sentences(4 * STEPS), 1).epoch(0);
      for (int i = 0; i < STEPS; i++) {
        List<Batch> own = new ArrayList<>();
        for (int micro = 0; micro < 4; micro++) {
          Batch batch = batches.next();
          if (micro % workers == worker) {
            own.add(batch);
          }
        }
        double targets = own.stream().mapToLong(Batch::targetTokens).sum();
        losses.add(step.run(own, targets, 0.1, i).loss());
      }
      return new Trace(losses, TrainableValues.of(small.adaptation));
    }
  }

  /** Two workers in one process that hand each other their gradients. */
  private static final class Exchange {

    private final CyclicBarrier barrier = new CyclicBarrier(WORKERS);
    private final GradientReduction.Share[] shares = new GradientReduction.Share[WORKERS];
    private final List<List<float[]>> gradients = new ArrayList<>(List.of(List.of(), List.of()));

    GradientReduction reduction(int worker) {
      return (trained, own) -> {
        shares[worker] = own;
        gradients.set(
            worker, trained.stream().map(parameter -> parameter.gradient().toFloats()).toList());
        await();
        GradientReduction.Share all = shares[0].plus(shares[1]);
        for (int i = 0; i < trained.size(); i++) {
          float[] mean = new float[gradients.get(0).get(i).length];
          for (int j = 0; j < mean.length; j++) {
            double sum = 0;
            for (int value = 0; value < WORKERS; value++) {
              sum += gradients.get(value).get(i)[j] * shares[value].divisor();
            }
            mean[j] = (float) (sum / all.divisor());
          }
          Trainable parameter = trained.get(i);
          try (Tensor reduced = Tensor.of(mean, parameter.gradient().sizes())) {
            parameter.gradient().copyFrom(reduced);
          }
        }
        await();
        return all;
      };
    }

    private void await() {
      try {
        barrier.await();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
