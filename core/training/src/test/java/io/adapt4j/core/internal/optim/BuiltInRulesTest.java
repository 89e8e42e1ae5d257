package io.adapt4j.core.internal.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs with Muon, schedule-free AdamW, GaLore and APOLLO. */
class BuiltInRulesTest {

  @TempDir private Path folder;
  private Path model;
  private long before;

  private static Stream<Optimizer> optimizers() {
    return Stream.of(
        Optimizer.muon(),
        Optimizer.scheduleFreeAdamW(),
        new Optimizer.GaLore(4, 3, 1, 0.9, 0.999, 1e-6),
        new Optimizer.Apollo(4, 3, 1, true, 0.9, 0.999, 1e-6),
        Optimizer.apolloMini());
  }

  @BeforeEach
  void writeModel() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
    before = Tensor.live();
  }

  @AfterEach
  void nothingStaysOpen() {
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private FineTuner.Builder tuner(String output, Optimizer optimizer) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .method(FullFineTuning.create())
        .dataset(SmallModel.sentences(24).split(0.7, 0.3, 0, 1))
        .epochs(2)
        .batchSize(3)
        .learningRate(2e-3)
        .weightDecay(0.01)
        .optimizer(optimizer)
        .saveEvery(Interval.steps(3))
        .evaluateEvery(Interval.steps(4))
        .output(folder.resolve(output));
  }

  private static byte[] weights(Path checkpoint) throws IOException {
    return Files.readAllBytes(checkpoint.resolve("model.safetensors"));
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void theLossFallsAndAStoppedRunGoesOnToTheBit(Optimizer optimizer) throws IOException {
    FineTuneReport whole = tuner("whole", optimizer).build().run();
    assertThat(whole.lastLoss()).isLessThan(whole.firstLoss());
    FineTuner[] running = new FineTuner[1];
    TrainingListener stop =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            if (event.step() == 5) {
              running[0].stop();
            }
          }
        };
    running[0] = tuner("cut", optimizer).listener(stop).build();
    running[0].run();
    FineTuneReport rest = tuner("cut", optimizer).resume().build().run();
    assertThat(weights(rest.last())).isEqualTo(weights(whole.last()));
  }

  /** Evaluation and checkpoints hold the average, of which training knows nothing. */
  @Test
  void scheduleFreeEvaluatesAndSavesTheAverage() throws IOException {
    Map<Integer, Double> losses = new TreeMap<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void evaluated(EvaluationEvent event) {
            losses.put(event.step(), event.loss());
          }
        };
    FineTuneReport often =
        tuner("often", Optimizer.scheduleFreeAdamW())
            .evaluateEvery(Interval.steps(1))
            .listener(listener)
            .build()
            .run();
    FineTuneReport seldom =
        tuner("seldom", Optimizer.scheduleFreeAdamW())
            .evaluateEvery(Interval.steps(100))
            .build()
            .run();
    assertThat(weights(often.last())).isEqualTo(weights(seldom.last()));
    double saved =
        FineTuner.builder()
            .model(ModelSource.path(often.last()))
            .method(FullFineTuning.create())
            .dataset(SmallModel.sentences(24).split(0.7, 0.3, 0, 1))
            .batchSize(3)
            .maxSteps(1)
            .output(folder.resolve("measured"))
            .build()
            .run()
            .initialValidationLoss()
            .orElseThrow();
    assertThat(saved).isCloseTo(losses.get(12), within(1e-6));
  }

  @Test
  void plannedMemoryIsThatOfTheState() {
    assertThat(OptimizerStates.stateBytes(Optimizer.muon(), 6, 5)).isEqualTo(4 * 30);
    assertThat(OptimizerStates.stateBytes(Optimizer.muon(), 6)).isEqualTo(2 * 4 * 6);
    assertThat(OptimizerStates.stateBytes(Optimizer.scheduleFreeAdamW(), 6, 5))
        .isEqualTo(4 * (2 * 30 + 2));
    assertThat(OptimizerStates.stateBytes(Optimizer.galore(2), 6, 5)).isEqualTo(4 * (2 * 12 + 10));
    assertThat(OptimizerStates.stateBytes(Optimizer.galore(2), 5, 6)).isEqualTo(4 * (2 * 12 + 10));
    assertThat(OptimizerStates.stateBytes(Optimizer.galore(5), 6, 5)).isEqualTo(4 * 2 * 30);
    assertThat(OptimizerStates.stateBytes(Optimizer.apollo(2), 6, 5)).isEqualTo(4 * (2 * 12 + 1));
  }

  @Test
  void wrongOptionsAreRefused() {
    for (Runnable wrong :
        List.<Runnable>of(
            () -> Optimizer.galore(0),
            () -> new Optimizer.Apollo(1, 0, 1, true, 0.9, 0.999, 1e-6),
            () -> new Optimizer.ScheduleFreeAdamW(0, 0.999, 1e-8, 0, 2),
            () -> new Optimizer.Muon(1, true, true, false, 0.9, 0.999, 1e-8))) {
      assertThatIllegalArgumentException().isThrownBy(wrong::run);
    }
  }
}
