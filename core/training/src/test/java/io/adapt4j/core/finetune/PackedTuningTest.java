package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole fine-tunings with options of tokens and batches. */
class PackedTuningTest {

  @TempDir static Path base;

  @TempDir Path output;

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @Test
  void aStepOfAllPackedRowsEqualsThatOfAllPaddedOnes() {
    RunRecorder padded = new RunRecorder();
    tuner("padded").batchSize(20).epochs(3).listener(padded).build().run();
    RunRecorder packed = new RunRecorder();
    long live = Tensor.live();
    tuner("packed").batchSize(20).epochs(3).packing(true).listener(packed).build().run();
    assertThat(Tensor.live()).isEqualTo(live);
    assertThat(packed.losses()).hasSize(3);
    for (int i = 0; i < 3; i++) {
      assertThat(packed.losses().get(i)).isCloseTo(padded.losses().get(i), within(1e-4));
    }
    assertThat(packed.evaluations.get(3).loss())
        .isCloseTo(padded.evaluations.get(3).loss(), within(1e-4));
  }

  @Test
  void packingSavesStepsAndThePlanKnowsIt() {
    FineTunePlan padded = tuner("padded").build().plan();
    FineTunePlan packed = tuner("packed").packing(true).build().plan();
    assertThat(padded.steps()).isEqualTo(15);
    assertThat(packed.steps()).isLessThan(10);
    assertThat(packed.targetTokensPerEpoch()).isEqualTo(padded.targetTokensPerEpoch());
    RunRecorder events = new RunRecorder();
    tuner("packed").packing(true).listener(events).build().run();
    assertThat(events.steps).hasSize(packed.steps());
  }

  @Test
  void aPackedRunGoesOnExactly() throws IOException {
    RunRecorder whole = new RunRecorder();
    tuner("whole").packing(true).batchSize(1).listener(whole).build().run();
    RunRecorder first = new RunRecorder();
    FineTuner[] stopped = new FineTuner[1];
    stopped[0] =
        tuner("cut")
            .packing(true)
            .batchSize(1)
            .listener(first)
            .listener(
                new io.adapt4j.core.train.TrainingListener() {
                  @Override
                  public void step(io.adapt4j.core.train.StepEvent event) {
                    if (event.step() == 4) {
                      stopped[0].stop();
                    }
                  }
                })
            .build();
    assertThat(stopped[0].run().reason()).isEqualTo(StopReason.STOP_REQUESTED);
    RunRecorder rest = new RunRecorder();
    tuner("cut").packing(true).batchSize(1).listener(rest).resume().build().run();
    List<Double> losses = whole.losses();
    assertThat(first.losses()).isEqualTo(losses.subList(0, 4));
    assertThat(rest.losses()).isEqualTo(losses.subList(4, losses.size()));
    assertThat(Files.readAllBytes(output.resolve("cut/last/model.safetensors")))
        .isEqualTo(Files.readAllBytes(output.resolve("whole/last/model.safetensors")));
    assertThatThrownBy(() -> tuner("cut").batchSize(1).resume().build().run())
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("tokens: was ");
  }

  @Test
  void groupingByLengthTrainsOnEveryRow() {
    RunRecorder events = new RunRecorder();
    FineTuneReport report = tuner("grouped").groupByLength().listener(events).build().run();
    assertThat(events.steps).hasSize(15);
    assertThat(report.lastLoss()).isLessThan(report.firstLoss());
  }

  @Test
  void rowsOfEqualWeightsTrainAsRowsWithoutWeights() {
    RunRecorder plain = new RunRecorder();
    tuner("plain").listener(plain).build().run();
    double[] twos = new double[20];
    Arrays.fill(twos, 2);
    Split split = split(20);
    RunRecorder weighted = new RunRecorder();
    tuner("weighted")
        .dataset(new Split(split.train().weighted(twos), split.validation(), split.test()))
        .listener(weighted)
        .build()
        .run();
    for (int i = 0; i < plain.losses().size(); i++) {
      assertThat(weighted.losses().get(i)).isCloseTo(plain.losses().get(i), within(1e-4));
    }
  }

  @Test
  void aRowThatOutweighsTheOthersIsWhatIsLearned() {
    Dataset two =
        Datasets.of(List.of(new Example.Text("Lily saw a dog"), new Example.Text("Tom was sad")));
    RunRecorder light = new RunRecorder();
    RunRecorder heavy = new RunRecorder();
    Dataset second = two.subset(1);
    for (double weight : new double[] {0.01, 100}) {
      tuner("weight" + weight)
          .dataset(new Split(two.weighted(1, weight), second, two.take(0)))
          .batchSize(2)
          .listener(weight > 1 ? heavy : light)
          .build()
          .run();
    }
    assertThat(heavy.evaluations.get(3).loss()).isLessThan(light.evaluations.get(3).loss());
  }

  @Test
  void longTextIsSplitAndCounted() {
    Dataset text = Datasets.of(List.of(new Example.Text("Lily saw a big red ball. ".repeat(40))));
    FineTuner.Builder described =
        tuner("split").dataset(text).maxLength(32).overflow(Overflow.SPLIT).overlap(8);
    FineTunePlan plan = described.build().plan();
    assertThat(plan.split()).isEqualTo(1);
    assertThat(plan.truncated()).isZero();
    assertThat(plan.steps()).isGreaterThan(3);
    FineTuneReport report = described.packing(true).build().run();
    assertThat(report.lastLoss()).isLessThan(report.firstLoss());
  }

  @Test
  void lossOnEverythingHasMoreTargetsThanOnCompletions() {
    Dataset pairs =
        Datasets.of(List.of(new Example.PromptCompletion("Once upon a time", " there was")));
    long completions = tuner("run").dataset(pairs).build().plan().targetTokensPerEpoch();
    long all = tuner("run").dataset(pairs).lossOn(LossOn.ALL).build().plan().targetTokensPerEpoch();
    assertThat(all).isEqualTo(completions + 4);
  }

  @Test
  void previewShowsTheFirstRows() {
    assertThat(tuner("run").build().preview(2).text())
        .contains("[</s>]")
        .contains("examples row 1")
        .doesNotContain("examples row 2");
  }

  @Test
  void optionsThatExcludeEachOtherAreNamed() {
    assertThatThrownBy(() -> tuner("run").packing(true).groupByLength().overlap(4).build())
        .hasMessageContaining("packing and groupByLength are both set")
        .hasMessageContaining("say overflow(SPLIT)");
  }

  @Test
  void groupingIsRefusedWhereTheTaskDoesNotKnowIt() {
    assertThatThrownBy(
            () ->
                tuner("run")
                    .task(Task.preference(PreferenceLoss.orpo(0.1)))
                    .groupByLength()
                    .build())
        .hasMessageContaining("groupByLength")
        .hasMessageContaining("is for the task nextTokens; leave it out for this task");
  }

  private static Split split(int rows) {
    Dataset all = SmallModel.sentences(rows + 4);
    return new Split(all.take(rows), all.subset(rows, rows + 1, rows + 2, rows + 3), all.take(0));
  }

  private FineTuner.Builder tuner(String name) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(split(20))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .learningRate(1e-3)
        .output(output.resolve(name));
  }
}
