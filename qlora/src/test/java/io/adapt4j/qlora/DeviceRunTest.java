package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.tensor.ShapesOnly;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole runs whose tensors are not in host memory ({@link ShapesOnly}): nothing asks one for its
 * data without copying it first. What they compute is zeros.
 */
class DeviceRunTest {

  private static final ModelSource STORIES =
      ModelSource.path(Path.of("..", "examples", "models", "stories260K"));

  @TempDir private Path output;

  @SuppressWarnings("UnusedVariable")
  @AutoClose
  private final ShapesOnly elsewhere = ShapesOnly.open();

  private static Dataset sentences() {
    return Datasets.of(
        IntStream.range(0, 12)
            .mapToObj(i -> new Example.Text("Lily saw a big red ball " + "again ".repeat(i % 4)))
            .toList());
  }

  private FineTuner.Builder tuner(FineTuningMethod method) {
    Dataset all = sentences();
    return FineTuner.builder()
        .model(STORIES)
        .dataset(new Split(all.take(8), all.subset(8, 9, 10, 11), all.take(0)))
        .method(method)
        .batchSize(4)
        .saveEvery(Interval.steps(1))
        .output(output.resolve("run"));
  }

  private FineTuner.Builder described(FineTuningMethod method) {
    return tuner(method)
        .precision(Precision.BF16)
        .optimizer(Optimizer.pagedAdamW8bit())
        .neftune(5)
        .maxSteps(3);
  }

  static Stream<FineTuningMethod> methods() {
    return Stream.of(
        FullFineTuning.create(),
        Lora.rank(2).dropout(0.1),
        Lora.rank(2).dora(),
        QLora.nf4().rank(2));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void aRunIsEvaluatedSavedResumedAndGeneratesFrom(FineTuningMethod method) {
    FineTuner[] first = new FineTuner[1];
    first[0] =
        described(method)
            .listener(
                new TrainingListener() {
                  @Override
                  public void step(StepEvent event) {
                    first[0].stop();
                  }
                })
            .build();
    assertThat(first[0].run().reason()).isEqualTo(StopReason.STOP_REQUESTED);
    assertThat(described(method).resume().build().run().reason()).isEqualTo(StopReason.COMPLETED);
    Path last = output.resolve("run").resolve("last");
    try (LanguageModel model =
        method instanceof FullFineTuning
            ? LanguageModel.load(ModelSource.path(last))
            : LanguageModel.load(
                STORIES, Methods.of(method).weightFormat(), LoraAdapter.at(last))) {
      GenerationOptions options = GenerationOptions.builder().maxNewTokens(3).build();
      assertThat(model.generateAll(List.of("Once", "Once upon a time"), options)).hasSize(2);
    }
  }

  @Test
  void penaltiesAndPackedBatchesRunThere() {
    assertThat(
            tuner(Lora.rank(2))
                .packing(true)
                .regularize(Regularization.l2ToBase(0.1))
                .regularize(Regularization.klToBase(sentences()))
                .regularize(Regularization.ewc(sentences()))
                .epochs(1)
                .build()
                .run()
                .reason())
        .isEqualTo(StopReason.COMPLETED);
  }

  @Test
  void preferencesAreTrainedOnThere() {
    Dataset pairs =
        Datasets.of(
            IntStream.range(0, 8)
                .mapToObj(i -> new Example.Preference("Once " + i, " upon a time", " or twice"))
                .toList());
    assertThat(
            tuner(Lora.rank(2))
                .dataset(pairs)
                .task(Task.preference(PreferenceLoss.dpo(0.1)))
                .epochs(1)
                .build()
                .run()
                .reason())
        .isEqualTo(StopReason.COMPLETED);
  }
}
