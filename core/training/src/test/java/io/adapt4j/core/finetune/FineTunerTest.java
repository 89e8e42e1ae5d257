package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.TestModels;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.recipe.FineTuneDefaults;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole fine-tunings of a small model, from the builder to the saved folder. */
class FineTunerTest {

  @TempDir static Path base;

  @TempDir Path output;

  private final RunRecorder events = new RunRecorder();

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @Test
  void buildNamesEveryProblemAtOnceAndWritesNothing() throws IOException {
    Files.createDirectories(output.resolve("last"));
    List<Path> before = files(output);
    SettingsException found =
        catchThrowableOfType(
            SettingsException.class,
            () ->
                FineTuner.builder()
                    .model(ModelSource.path(output.resolve("absent")))
                    .output(output)
                    .epochs(0)
                    .maxSteps(0)
                    .batchSize(0)
                    .gradientAccumulation(-1)
                    .maxLength(1)
                    .learningRate(Double.NaN)
                    .weightDecay(-0.1)
                    .maxGradientNorm(-1)
                    .warmupRatio(1.5)
                    .warmupSteps(-2)
                    .keepBest()
                    .earlyStopping(0)
                    .maxSkippedSteps(-1)
                    .build());
    List<String> expected =
        List.of(
            "no method",
            "no dataset",
            "absent does not exist",
            "holds 'last'",
            "epochs must be at least 1, found 0",
            "maxSteps must be at least 1",
            "batchSize must be at least 1, found 0",
            "gradientAccumulation must be at least 1, found -1",
            "maxLength must be at least 2, found 1",
            "learningRate must be above 0, found NaN",
            "weightDecay must be at least 0, found -0.1",
            "maxGradientNorm must be at least 0, found -1.0",
            "warmupRatio must be from 0 to 1, found 1.5",
            "warmupSteps must be at least 0, found -2",
            "warmupRatio and warmupSteps are both set",
            "keepBest needs validation data",
            "earlyStopping needs validation data",
            "earlyStopping must allow at least 1 evaluation, found 0",
            "maxSkippedSteps must be at least 0, found -1");
    assertThat(found.problems()).hasSameSizeAs(expected);
    for (String problem : expected) {
      assertThat(found.problems()).anyMatch(text -> text.contains(problem), problem);
      assertThat(found).hasMessageContaining(problem);
    }
    assertThat(files(output)).isEqualTo(before);
  }

  @Test
  void buildComparesMaxLengthWithTheModelsContext() {
    assertThatThrownBy(() -> tuner().maxLength(SmallModel.CONTEXT + 1).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("maxLength is 65, but the model's context length is 64");
  }

  @Test
  void buildNamesAMissingTokenizerAndMissingWeightsTogether() throws IOException {
    Path broken = output.resolve("broken");
    Files.createDirectories(broken);
    Files.copy(base.resolve("config.json"), broken.resolve("config.json"));
    assertThatThrownBy(() -> tuner().model(ModelSource.path(broken)).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageContaining("model.safetensors");
  }

  @Test
  void overwriteOutputAllowsASecondRunInTheSameFolder() {
    tuner().epochs(1).build().run();
    assertThatThrownBy(() -> tuner().build()).isInstanceOf(SettingsException.class);
    assertThat(tuner().epochs(1).overwriteOutput().build().run().reason())
        .isEqualTo(StopReason.COMPLETED);
  }

  @Test
  void thePlanCountsWhatTheRunWillDoWithoutWritingAnything() throws IOException {
    FineTunePlan plan = tuner().build().plan();
    assertThat(plan.trainExamples()).isEqualTo(20);
    assertThat(plan.validationExamples()).isEqualTo(4);
    assertThat(plan.steps()).isEqualTo(3 * 5);
    assertThat(plan.leftOut()).isZero();
    assertThat(plan.trainableRatio()).isEqualTo(1);
    assertThat(files(output)).containsExactly(output);
  }

  @Test
  void theLossFallsAndTheReportAgreesWithTheEvents() {
    FineTuneReport report = tuner().keepBest().build().run();

    assertThat(report.reason()).isEqualTo(StopReason.COMPLETED);
    assertThat(events.starts).hasSize(1);
    assertThat(events.starts.get(0).totalSteps()).isEqualTo(report.plan().steps());
    assertThat(events.steps)
        .extracting(StepEvent::step)
        .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    assertThat(report.steps()).isEqualTo(15);
    assertThat(report.firstLoss()).isEqualTo(events.losses().get(0));
    StepEvent before = events.steps.get(13);
    StepEvent last = events.steps.get(14);
    assertThat(report.lastLoss())
        .isCloseTo(
            (before.loss() * before.targetTokens() + last.loss() * last.targetTokens())
                / (before.targetTokens() + last.targetTokens()),
            within(1e-9));
    assertThat(report.firstLoss()).isCloseTo(Math.log(512), within(0.3));
    assertThat(report.lastLoss()).isLessThan(report.firstLoss() - 2);

    assertThat(events.evaluations).extracting(EvaluationEvent::step).containsExactly(0, 5, 10, 15);
    assertThat(report.initialValidationLoss()).hasValue(events.evaluations.get(0).loss());
    double lowest =
        events.evaluations.stream().skip(1).mapToDouble(EvaluationEvent::loss).min().orElseThrow();
    assertThat(report.bestValidationLoss()).hasValue(lowest);
    assertThat(lowest).isLessThan(events.evaluations.get(0).loss());

    assertThat(report.last()).isEqualTo(output.resolve("last")).isDirectory();
    assertThat(report.best()).isEqualTo(output.resolve("best")).isDirectory();
    assertThat(events.ends).hasSize(1);
    assertThat(events.ends.get(0).reason()).isEqualTo(StopReason.COMPLETED);
    assertThat(events.ends.get(0).bestLoss()).isEqualTo(report.bestValidationLoss());
  }

  @Test
  void eachCheckpointIsWrittenOnceAStep() {
    tuner().dataset(SmallModel.sentences(20)).build().run();
    assertThat(events.checkpoints)
        .extracting(checkpointEvent -> checkpointEvent.step())
        .containsExactly(5, 10, 15);
    assertThat(events.evaluations).isEmpty();
  }

  @Test
  void theSavedFolderIsACompleteModelThatHasLearned() {
    FineTuneReport report = tuner().build().run();
    double trained;
    try (LanguageModel model = TestModels.fp32(report.best())) {
      trained = model.score("Once upon a time", " Lily saw it.").sum();
      assertThat(model.generate("Once", GenerationOptions.builder().maxNewTokens(8).build()))
          .isNotEmpty();
    }
    try (LanguageModel model = TestModels.fp32(base)) {
      assertThat(trained).isGreaterThan(model.score("Once upon a time", " Lily saw it.").sum() + 5);
    }
  }

  @Test
  void theSameSeedGivesTheSameLossesAndBytes() throws IOException {
    Path first = run("first", 5);
    List<Double> losses = events.losses();
    events.steps.clear();
    Path again = run("again", 5);
    assertThat(events.losses()).isEqualTo(losses);
    assertThat(weights(again)).isEqualTo(weights(first));

    events.steps.clear();
    Path other = run("other", 6);
    assertThat(events.losses()).isNotEqualTo(losses);
    assertThat(weights(other)).isNotEqualTo(weights(first));
  }

  @Test
  void maxStepsEndsTheRunAndEvaluateEveryCountsSteps() {
    FineTuneReport report = tuner().maxSteps(7).evaluateEvery(Interval.steps(3)).build().run();
    assertThat(report.reason()).isEqualTo(StopReason.COMPLETED);
    assertThat(events.steps).hasSize(7).allMatch(stepEvent -> stepEvent.totalSteps() == 7);
    assertThat(events.evaluations).extracting(EvaluationEvent::step).containsExactly(0, 3, 6, 7);
    assertThat(events.checkpoints)
        .extracting(checkpointEvent -> checkpointEvent.step())
        .containsExactly(3, 6, 7);
  }

  @Test
  void stopFromAnotherThreadEndsAfterThePresentStepAndSaves() {
    AtomicReference<FineTuner> running = new AtomicReference<>();
    FineTuner tuner =
        tuner()
            .listener(
                new TrainingListener() {
                  @Override
                  public void step(StepEvent event) {
                    if (event.step() == 2) {
                      Thread other = new Thread(() -> running.get().stop());
                      other.start();
                      join(other);
                    }
                  }
                })
            .build();
    running.set(tuner);
    FineTuneReport report = tuner.run();
    assertThat(report.reason()).isEqualTo(StopReason.STOP_REQUESTED);
    assertThat(report.steps()).isEqualTo(2);
    assertThat(report.last()).isDirectory();
    assertThat(events.ends)
        .extracting(runEnd -> runEnd.reason())
        .containsOnly(StopReason.STOP_REQUESTED);
    assertThatThrownBy(tuner::run).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void earlyStoppingEndsARunThatNoLongerImproves() {
    FineTuneReport report =
        tuner()
            .learningRate(0.3)
            .epochs(40)
            .evaluateEvery(Interval.steps(1))
            .keepBest()
            .earlyStopping(2)
            .build()
            .run();
    assertThat(report.reason()).isEqualTo(StopReason.EARLY_STOPPED);
    int last = report.steps();
    assertThat(last).isLessThan(200);
    assertThat(report.bestStep()).hasValue(last - 2);
  }

  @Test
  void aHugeLearningRateEndsWithAdviceAndNeverSavesALossThatIsNotFinite() {
    FineTuner tuner =
        tuner().learningRate(1e30).warmupSteps(0).evaluateEvery(Interval.steps(1)).build();
    refuses(TrainingException.class, tuner::run, "Lower the learning rate");
    List<Integer> finite =
        events.evaluations.stream()
            .filter(evaluation -> Double.isFinite(evaluation.loss()))
            .map(EvaluationEvent::step)
            .toList();
    assertThat(events.checkpoints)
        .allMatch(checkpointEvent -> finite.contains(checkpointEvent.step()));
    assertThat(events.skipped).hasSize(FineTuneDefaults.MAX_SKIPPED_STEPS + 1);
    assertThat(events.ends)
        .extracting(runEnd -> runEnd.reason())
        .containsExactly(StopReason.FAILED);
  }

  @Test
  void aListenerThatThrowsDoesNotStopTheRun() {
    FineTuneReport report =
        tuner()
            .epochs(1)
            .listener(
                new TrainingListener() {
                  @Override
                  public void step(StepEvent event) {
                    throw new IllegalStateException("broken listener");
                  }
                })
            .build()
            .run();
    assertThat(report.reason()).isEqualTo(StopReason.COMPLETED);
    assertThat(events.steps).hasSize(5);
  }

  @Test
  void noTensorIsLeftBehindAndStepsDoNotAddAny() {
    long before = Tensor.live();
    List<Long> live = new ArrayList<>();
    tuner()
        .epochs(40)
        .evaluateEvery(Interval.steps(100))
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                live.add(Tensor.live());
              }
            })
        .build()
        .run();
    assertThat(live).hasSize(200);
    assertThat(live.stream().distinct()).hasSize(1);
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private Path run(String name, long seed) {
    return tuner().output(output.resolve(name)).epochs(1).seed(seed).build().run().last();
  }

  private FineTuner.Builder tuner() {
    Dataset all = SmallModel.sentences(24);
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(new Split(all.take(20), all.subset(20, 21, 22, 23), all.take(0)))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .learningRate(1e-2)
        .listener(events)
        .output(output);
  }

  private static byte[] weights(Path folder) throws IOException {
    return Files.readAllBytes(folder.resolve("model.safetensors"));
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.sorted().toList();
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
