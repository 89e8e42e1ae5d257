package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.TestModels;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.train.CheckpointEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a run saves, what it keeps, and what a failed write leaves. */
class CheckpointPolicyTest {

  @TempDir static Path base;

  @TempDir Path output;

  private final RunRecorder events = new RunRecorder();

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @Test
  void savingByTimeDoesNotChangeTheRun() throws IOException {
    Path steps = tuner("steps").saveEvery(Interval.steps(2)).build().run().last();
    List<Double> losses = events.losses();
    events.steps.clear();
    Path always =
        tuner("time")
            .saveEvery(Interval.every(Duration.ofNanos(1)))
            .saveLimit(9)
            .build()
            .run()
            .last();
    assertThat(events.losses()).isEqualTo(losses);
    assertThat(weights(always)).isEqualTo(weights(steps));
    assertThat(names(output.resolve("time/states"))).hasSize(6).contains("step-00000005");
  }

  @Test
  void aRunCutOffAfterASaveByTimeGoesOnToTheBit() throws IOException {
    Path whole = tuner("whole").build().run().last();
    tuner("cut").saveEvery(Interval.every(Duration.ofNanos(1))).saveLimit(9).build().run();
    for (String later : List.of("step-00000006", "step-00000005")) {
      delete(output.resolve("cut/states").resolve(later));
    }
    Path found =
        tuner("cut").saveEvery(Interval.every(Duration.ofDays(1))).resume().build().run().last();
    assertThat(weights(found)).isEqualTo(weights(whole));
  }

  @Test
  void aLongTimeSavesNothingInBetween() {
    tuner("rare").saveEvery(Interval.every(Duration.ofDays(1))).build().run();
    assertThat(output.resolve("rare/states")).doesNotExist();
  }

  @Test
  void evaluationByTimeIsRefused() {
    assertThatThrownBy(
            () -> tuner("run").evaluateEvery(Interval.every(Duration.ofMinutes(1))).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("evaluateEvery must be by steps or epochs");
    assertThatThrownBy(() -> Interval.every(Duration.ZERO)).hasMessageContaining("above zero");
  }

  @Test
  void keepLastKeepsTheNewestCheckpointsUnderTheirSteps() throws IOException {
    FineTuneReport report = tuner("run").evaluateEvery(Interval.steps(1)).keepLast(2).build().run();
    assertThat(names(output.resolve("run")))
        .contains("checkpoint-5", "checkpoint-6", "last")
        .doesNotContain("checkpoint-4");
    assertThat(weights(output.resolve("run/checkpoint-6"))).isEqualTo(weights(report.last()));
    assertThat(weights(output.resolve("run/checkpoint-5"))).isNotEqualTo(weights(report.last()));
    TestModels.fp32(output.resolve("run/checkpoint-5")).close();
    assertThat(events.checkpoints)
        .filteredOn(checkpointEvent -> checkpointEvent.path().endsWith("checkpoint-3"))
        .extracting(CheckpointEvent::step)
        .containsExactly(3);
  }

  @Test
  void numberedCheckpointsOfAnotherRunAreNotDeletedUnasked() throws IOException {
    Path other = Files.createDirectories(output.resolve("run/checkpoint-500"));
    assertThatThrownBy(() -> tuner("run").build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("holds 'checkpoint-500' of another run");
    tuner("run").overwriteOutput().build().run();
    assertThat(other).doesNotExist();
  }

  @Test
  void aFailedWriteLeavesTheCheckpointBeforeAndSaysSo() throws IOException {
    MethodMechanics method = fullDisk(Methods.of(FullFineTuning.create()), 3);
    assertThatThrownBy(
            () ->
                tuner("run")
                    .method(method)
                    .evaluateEvery(Interval.steps(2))
                    .saveEvery(Interval.steps(1))
                    .keepLast(3)
                    .build()
                    .run())
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("step 4 in " + output.resolve("run/last"))
        .hasMessageContaining("No space left on device")
        .hasMessageContaining("resume()");
    assertThat(weights(output.resolve("run/last")))
        .isEqualTo(weights(output.resolve("run/checkpoint-2")));
    TestModels.fp32(output.resolve("run/last")).close();
    assertThat(names(output.resolve("run"))).allMatch(name -> !name.startsWith(".checkpoint"));

    Path found = tuner("run").evaluateEvery(Interval.steps(2)).resume().build().run().last();
    assertThat(weights(found)).isEqualTo(weights(tuner("whole").build().run().last()));
  }

  /** A method whose checkpoints find the disk full after so many of them. */
  private static MethodMechanics fullDisk(MethodMechanics inner, int room) {
    AtomicInteger left = new AtomicInteger(room);
    return new SavingMethod(
        inner,
        (adaptation, folder) -> {
          if (left.getAndDecrement() > 0) {
            adaptation.save(folder);
          } else {
            SavingMethod.cut(
                folder,
                () -> {
                  throw new IOException("No space left on device");
                });
          }
        });
  }

  private FineTuner.Builder tuner(String name) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(SmallModel.sentences(24))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(1)
        .batchSize(4)
        .learningRate(1e-2)
        .listener(events)
        .output(output.resolve(name));
  }

  private static Set<String> names(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return new TreeSet<>(children.map(child -> child.getFileName().toString()).toList());
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private static byte[] weights(Path folder) throws IOException {
    return Files.readAllBytes(folder.resolve("model.safetensors"));
  }
}
