package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A new classifier starts from a linear fit to the vectors of the model before training. */
class HeadWarmStartTest {

  private static final List<String> ANIMALS = List.of("cat", "dog");
  private static final List<String> COLORS = List.of("red", "blue");

  @TempDir private Path folder;

  @Test
  void beforeTheFirstStepAClassifierTellsApartWhatTheVectorsTellApart() throws IOException {
    Split data = split(i -> new Example.Classified(text(i), combined(i)));
    long before = Tensor.live();
    assertThat(untrained(Task.classification(), data, true).initialMetrics().get("accuracy"))
        .isGreaterThan(0.95);
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(untrained(Task.classification(), data, false).initialMetrics().get("accuracy"))
        .isLessThan(0.6);
  }

  @Test
  void aDecodersClassifierWithoutABiasIsFittedToo() throws IOException {
    Path base = SmallModel.write(folder.resolve("base"));
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 48; i++) {
      boolean big = i % 2 == 0;
      String text = "Lily saw a " + (big ? "big" : "red") + " ball" + " and ran".repeat(i % 4);
      rows.add(new Example.Classified(text, big ? "size" : "color"));
    }
    Dataset data = Datasets.of(rows);
    FineTuneReport report =
        tuner(base, Task.classification(), new Split(data, data, data.take(0)), true).build().run();
    assertThat(report.initialMetrics().get("accuracy")).isGreaterThan(0.9);
  }

  @Test
  void severalLabelsATextAreFittedEachByItself() throws IOException {
    Split data =
        split(
            i -> {
              List<String> labels = new ArrayList<>();
              if (i % 2 == 0) {
                labels.add("cat");
              }
              if (i / 2 % 2 == 0) {
                labels.add("red");
              }
              return new Example.Classified(text(i), labels);
            });
    assertThat(untrained(Task.multiLabel(), data, true).initialMetrics().get("micro_f1"))
        .isGreaterThan(0.95);
  }

  @Test
  void numbersAreFittedInWhateverUnitTheyAre() throws IOException {
    Split data =
        split(
            i ->
                new Example.Classified(
                    text(i), i % 2 == 0 ? "41000" : i % 4 == 1 ? "40000" : "40500"));
    double variance = 0.25e6 * 0.6875;
    assertThat(untrained(Task.regression(), data, true).initialMetrics().get("mse"))
        .isLessThan(0.2 * variance);
    assertThat(untrained(Task.regression(), data, false).initialMetrics().get("mse"))
        .isGreaterThan(1e9);
  }

  @Test
  void tagsAreFittedToTheVectorsOfTokens() throws IOException {
    Split data =
        split(
            i ->
                new Example.Tagged(
                    List.of(text(i).split(" ", -1)),
                    List.of("O", i / 2 % 2 == 0 ? "B-COL" : "O", "B-ANI", "O")));
    assertThat(untrained(Task.tokenClassification(), data, true).initialMetrics().get("entity_f1"))
        .isGreaterThan(0.9);
  }

  @Test
  void pairsAreFittedAsTheyAreRead() throws IOException {
    Split data =
        split(
            i ->
                new Example.Classified(
                    "the " + ANIMALS.get(i % 2),
                    Optional.of("the " + COLORS.get(i / 2 % 2) + (i / 4 % 2 == 0 ? " mat" : "")),
                    List.of(COLORS.get(i / 2 % 2))));
    assertThat(untrained(Task.classification(), data, true).initialMetrics().get("accuracy"))
        .isGreaterThan(0.9);
  }

  @Test
  void aRunThatWasCutOffGoesOnToTheBit() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Split data = split(i -> new Example.Classified(text(i), combined(i)));
    RunRecorder whole = new RunRecorder();
    FineTuneReport expected = resumable(base, data, whole, "whole").build().run();

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
    running[0] = resumable(base, data, stop, "cut").build();
    running[0].run();
    RunRecorder rest = new RunRecorder();
    FineTuneReport found = resumable(base, data, rest, "cut").resume().build().run();
    assertThat(rest.steps.stream().map(StepEvent::loss).toList())
        .isEqualTo(
            whole.steps.subList(5, whole.steps.size()).stream().map(StepEvent::loss).toList());
    assertThat(Files.readAllBytes(found.last().resolve("model.safetensors")))
        .isEqualTo(Files.readAllBytes(expected.last().resolve("model.safetensors")));
  }

  @Test
  void aRunFromRandomValuesIsNotGoneOnFromAsOneFromAFit() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Split data = split(i -> new Example.Classified(text(i), combined(i)));
    FineTuner cold = resumable(base, data, new RunRecorder(), "cold").headWarmStart(false).build();
    assertThat(cold.plan().options())
        .filteredOn(option -> option.name().equals("headWarmStart"))
        .singleElement()
        .matches(option -> option.value().equals("off") && !option.isDefault());
    cold.run();
    FineTuner warm = resumable(base, data, new RunRecorder(), "cold").resume().build();
    refuses(TrainingException.class, warm::run, "new classifier");
  }

  @Test
  void thePlanSaysWhatTheClassifierStartsFromAndMeasuresItWhereStepsAreTimed() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Split data = split(i -> new Example.Classified(text(i), combined(i)));
    FineTuner tuner = tuner(base, Task.classification(), data, true).build();
    FineTunePlan plan = tuner.plan();
    assertThat(plan.frozenBaseline()).isEmpty();
    assertThat(plan.text())
        .contains("headWarmStart  on", "frozen baseline", "a plan with timed steps");
    FineTunePlan timed = tuner.plan(Device.current(), 1);
    assertThat(timed.frozenBaseline().get("accuracy")).isGreaterThan(0.95);
    assertThat(timed.text())
        .contains("frozen baseline: loss ", "a frozen encoder with a linear layer would do");
    assertThat(timed.json()).contains("\"frozenBaseline\"");
  }

  @Test
  void aBaselineWithManyErrorsWouldNotDo() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Split data = split(i -> new Example.Classified(text(i), i / 8 % 2 == 0 ? "early" : "late"));
    FineTunePlan timed =
        tuner(base, Task.classification(), data, true).build().plan(Device.current(), 1);
    assertThat(timed.frozenBaseline().get("accuracy")).isLessThan(0.95);
    assertThat(timed.text()).contains("points of accuracy").doesNotContain("would do");
  }

  @Test
  void theReportCallsTheEvaluationBeforeTrainingTheFrozenBaseline() throws IOException {
    Split data = split(i -> new Example.Classified(text(i), combined(i)));
    assertThat(untrained(Task.classification(), data, true).text())
        .contains("frozen baseline accuracy ");
    assertThat(untrained(Task.classification(), data, false).text())
        .doesNotContain("frozen baseline");
  }

  @Test
  void aTaskWithoutAClassifierRefusesTheOption() throws IOException {
    Path base = SmallModel.write(folder.resolve("base"));
    Dataset data = Datasets.of(List.of(new Example.Text("Lily saw a ball.")));
    assertThatThrownBy(
            () -> tuner(base, Task.nextTokens(), new Split(data, data, data), true).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("headWarmStart is for tasks that classify or give a number");
  }

  @Test
  void attentionBecomesUniformWhereAClassifierThenPredictsClearlyBetter() throws IOException {
    Path base = concentrated();
    Split data = split(160, i -> new Example.Classified(text(i), combined(i)));
    long live = Tensor.live();
    FineTuneReport report =
        tuner(base, Task.classification(), data, true).learningRate(1e-9).build().run();
    assertThat(report.initialMetrics().get("accuracy")).isGreaterThan(0.95);
    assertThat(largestQuery(report.last(), 1)).isLessThan(1e-6);
    assertThat(Tensor.live()).isEqualTo(live);
    assertThat(largestQuery(report.last(), 0)).isEqualTo(largestQuery(base, 0));

    // Too few rows to choose by.
    Split few = split(80, i -> new Example.Classified(text(i), combined(i)));
    FineTuneReport plain =
        tuner(base, Task.classification(), few, true).learningRate(1e-9).build().run();
    assertThat(largestQuery(plain.last(), 1)).isEqualTo(largestQuery(base, 1));
  }

  @Test
  void attentionStaysWhereItIsNoWorse() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Split data = split(160, i -> new Example.Classified(text(i), combined(i)));
    FineTuneReport report =
        tuner(base, Task.classification(), data, true).learningRate(1e-9).build().run();
    assertThat(report.initialMetrics().get("accuracy")).isGreaterThan(0.95);
    assertThat(largestQuery(report.last(), 1)).isEqualTo(largestQuery(base, 1));
  }

  @Test
  void frozenQueriesStay() throws IOException {
    Path base = concentrated();
    Split data = split(160, i -> new Example.Classified(text(i), combined(i)));
    FineTuneReport report =
        tuner(base, Task.classification(), data, true)
            .method(FullFineTuning.create().freezeFirstLayers(2))
            .learningRate(1e-9)
            .build()
            .run();
    assertThat(largestQuery(report.last(), 1)).isEqualTo(largestQuery(base, 1));
  }

  /** An encoder whose tokens each attend to one token. */
  private Path concentrated() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("concentrated"));
    ModelConfig config = ModelConfig.read(base);
    try (Encoder encoder = Architectures.declareEncoder(config);
        Checkpoint checkpoint = Checkpoint.open(base)) {
      encoder.allocate(DType.F32);
      Weights.load(encoder, checkpoint);
      for (int layer = 0; layer < 2; layer++) {
        Parameter joined = encoder.layerLinears().get(4 * layer).linear().parameters().get(0);
        try (Tensor queries = joined.value().narrow(0, 0, SmallEncoder.WIDTH);
            Tensor large = queries.scaled(300)) {
          queries.copyFrom(large);
        }
      }
      CheckpointFolder.write(base, base, config, Weights.tensors(encoder, StoredType.F32));
    }
    return base;
  }

  private static double largestQuery(Path model, int layer) {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      String name =
          checkpoint.names().stream()
              .filter(key -> key.endsWith("layer." + layer + ".attention.self.query.weight"))
              .findFirst()
              .orElseThrow();
      FloatBuffer values = checkpoint.bytes(name).asFloatBuffer();
      double largest = 0;
      while (values.hasRemaining()) {
        largest = Math.max(largest, Math.abs(values.get()));
      }
      return largest;
    }
  }

  private FineTuner.Builder resumable(
      Path base, Split data, TrainingListener listener, String output) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(Task.classification())
        .dataset(data)
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(2)
        .listener(listener)
        .keepBest()
        .output(folder.resolve(output));
  }

  /** A run whose steps change next to nothing. */
  private FineTuneReport untrained(Task task, Split data, boolean warm) throws IOException {
    Path base = folder.resolve("base");
    if (Files.notExists(base)) {
      SmallEncoder.write(base);
    }
    return tuner(base, task, data, warm).build().run();
  }

  private FineTuner.Builder tuner(Path base, Task task, Split data, boolean warm) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(task)
        .dataset(data)
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .maxSteps(1)
        .headWarmStart(warm)
        .overwriteOutput()
        .output(folder.resolve("run"));
  }

  private static Split split(IntFunction<Example> row) {
    return split(80, row);
  }

  private static Split split(int rows, IntFunction<Example> row) {
    Dataset all = Datasets.of(IntStream.range(0, rows).mapToObj(row).toList());
    int[] first = IntStream.range(0, rows - 16).toArray();
    int[] rest = IntStream.range(rows - 16, rows).toArray();
    return new Split(all.subset(first), all.subset(rest), all.take(0));
  }

  private static String combined(int i) {
    return COLORS.get(i / 2 % 2) + " " + ANIMALS.get(i % 2);
  }

  private static String text(int i) {
    return "the " + combined(i) + (i / 4 % 2 == 0 ? " sat" : " ran");
  }
}
