package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs against forgetting, from the builder to the saved folder. */
class RegularizedRunTest {

  private static final Dataset OLD =
      Datasets.of(
          IntStream.range(0, 6)
              .mapToObj(i -> new Example.Text("The cat sat on mat " + i))
              .toList());

  @TempDir static Path base;

  @TempDir Path folder;

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  static Stream<Regularization> terms() {
    return Stream.of(
        Regularization.ewc(OLD).strength(100),
        Regularization.l2ToBase(1),
        Regularization.klToBase(OLD, 2));
  }

  @ParameterizedTest
  @MethodSource("terms")
  void aRunThatWasInterruptedEndsInTheSameLossesAndWeights(Regularization term) throws IOException {
    long before = Tensor.live();
    RunRecorder whole = new RunRecorder();
    Path expected = tuner("whole", whole).regularize(term).build().run().last();

    RunRecorder parts = new RunRecorder();
    Stop stop = new Stop();
    stop.tuner = tuner("cut", parts).listener(stop).regularize(term).build();
    stop.tuner.run();
    Path found = tuner("cut", parts).regularize(term).resume().build().run().last();

    assertThat(parts.losses()).isEqualTo(whole.losses());
    assertThat(penalties(parts)).isEqualTo(penalties(whole));
    assertThat(penalties(whole).stream().skip(1)).anyMatch(penalty -> penalty > 0);
    assertThat(weights(found)).isEqualTo(weights(expected));
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("terms")
  void theModelStaysCloserToItsBase(Regularization term) {
    RunRecorder free = new RunRecorder();
    tuner("free", free).build().run();
    RunRecorder held = new RunRecorder();
    tuner("held", held).regularize(term).build().run();
    assertThat(held.losses().get(0)).isEqualTo(free.losses().get(0));
    assertThat(held.losses().get(5)).isGreaterThan(free.losses().get(5));
  }

  @Test
  void aRunWithAnotherTermIsNotGoneOnFrom() {
    Stop stop = new Stop();
    stop.tuner =
        tuner("cut", new RunRecorder())
            .listener(stop)
            .regularize(Regularization.l2ToBase(1))
            .build();
    stop.tuner.run();
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(() -> tuner("cut", new RunRecorder()).resume().build().run())
        .withMessageContaining("regularization: was [L2 to the base, strength 1.0], is []");
  }

  @Test
  void replayAddsItsShareOfRowsToEachEpoch() {
    FineTuner.Builder tuner = tuner("replay", new RunRecorder()).replay(OLD, 0.25);
    assertThat(tuner.build().plan().trainExamples()).isEqualTo(16);
    Dataset mixed = Datasets.replay(SmallModel.sentences(12), OLD, 0.25, 1);
    assertThat(
            IntStream.range(0, mixed.size())
                .mapToObj(mixed::get)
                .filter(row -> ((Example.Text) row).text().startsWith("The cat"))
                .distinct())
        .hasSize(4);
    tuner.build().run();
  }

  @Test
  void rowsOfTheReferenceMayBeSplit() {
    RunRecorder events = new RunRecorder();
    tuner("split", events)
        .maxLength(6)
        .overflow(Overflow.SPLIT)
        .regularize(Regularization.ewc(OLD).strength(100))
        .regularize(Regularization.klToBase(OLD, 2))
        .build()
        .run();
    assertThat(penalties(events)).anyMatch(penalty -> penalty > 0);
  }

  @Test
  void unusableDataAndSharesAreNamed() {
    assertThatThrownBy(() -> tuner("run", new RunRecorder()).replay(OLD, 1).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("share of replay must be above 0 and below 1, found 1.0");
    refuses(IllegalArgumentException.class, () -> Datasets.replay(OLD, OLD, 0, 1), "share");
  }

  private FineTuner.Builder tuner(String output, TrainingListener listener) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(SmallModel.sentences(12))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(2)
        .batchSize(4)
        .learningRate(1e-2)
        .warmupSteps(0)
        .evaluateEvery(Interval.steps(6))
        .listener(listener)
        .output(folder.resolve(output));
  }

  private static List<Double> penalties(RunRecorder run) {
    return run.steps.stream().map(StepEvent::penalty).toList();
  }

  private static byte[] weights(Path checkpoint) throws IOException {
    return Files.readAllBytes(checkpoint.resolve("model.safetensors"));
  }

  /** Ends a run after its third step. */
  private static final class Stop implements TrainingListener {

    private FineTuner tuner;

    @Override
    public void step(StepEvent event) {
      if (event.step() == 3) {
        tuner.stop();
      }
    }
  }
}
