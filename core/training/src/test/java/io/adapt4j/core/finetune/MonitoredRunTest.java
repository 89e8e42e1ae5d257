package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a whole fine-tuning tells of itself. */
class MonitoredRunTest {

  @TempDir static Path base;

  @TempDir Path output;

  private final List<StepEvent> steps = new ArrayList<>();
  private final List<TrainingWarning> warnings = new ArrayList<>();

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  @Test
  void aRunThatLearnsNothingIsWarnedOfInEveryPlaceAndInTheReport() throws IOException {
    long before = Tensor.live();
    FineTuneReport report =
        tuner(TrainingListeners.files(output)).learningRate(1e-12).epochs(15).build().run();

    assertThat(warnings)
        .extracting(TrainingWarning::kind)
        .containsExactly(TrainingWarning.Kind.NOTHING_LEARNED);
    assertThat(report.warnings()).isEqualTo(warnings);
    String message = warnings.get(0).message();
    assertThat(report.text())
        .startsWith("Training completed after 75 of 75 steps in 0:")
        .contains("  training loss   ", "  validation loss ", " before training; ")
        .contains("  last            " + report.last(), "target tokens/s")
        .contains("Warnings:\n  step " + warnings.get(0).step() + ": " + message);
    assertThat(output.resolve(TrainingListeners.REPORT))
        .content()
        .contains(message, "75 of 75", "completed", "<th>optimizer<td>AdamW[");
    assertThat(output.resolve(TrainingListeners.METRICS))
        .content()
        .contains("{\"event\":\"warning\"", "\"learning rate\":\"1.0E-12, linear\"");
    assertThat(output.resolve(TrainingListeners.TENSORBOARD)).isNotEmptyDirectory();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void aRunThatLearnsHasNothingToWarnOf() {
    FineTuneReport report = tuner(new TrainingListener() {}).epochs(4).keepBest().build().run();
    assertThat(report.warnings()).isEmpty();
    assertThat(report.text()).contains("  best            " + report.best());
  }

  @Test
  void overwritingTheOutputBeginsTheMetricsAnew() throws IOException {
    tuner(TrainingListeners.files(output)).epochs(2).build().run();
    tuner(TrainingListeners.files(output)).epochs(1).overwriteOutput().build().run();
    List<String> lines = Files.readAllLines(output.resolve(TrainingListeners.METRICS));
    assertThat(lines).filteredOn(line -> line.contains("\"run_started\"")).hasSize(1);
    assertThat(lines).filteredOn(line -> line.contains("\"event\":\"step\"")).hasSize(5);
  }

  @Test
  void aReportThatNamesSomethingUnusualOrWrongWithTheDataDoesNotSayNoWarnings() {
    FineTuneReport report = tuner(new TrainingListener() {}).epochs(1).build().run();
    assertThat(report.plan().dataFindings())
        .containsExactly(
            "ERROR: validation rows that are in the training data: 4 (first: examples row 20: 100"
                + " % of its word sequences are in the training data, examples row 0)",
            "WARNING: exact duplicates: 16 (first: examples row 4: equal to examples row 0)");
    assertThat(report.text())
        .contains("  unusual         learningRate 0.01 is above what is usual")
        .contains("  data            ERROR: validation rows that are in the training data: 4")
        .doesNotContain("No warnings");
  }

  @Test
  void whatIsWrongWithTheDataIsCountedBeforeTraining() {
    Dataset rows =
        Datasets.of(
            List.of(
                new Example.Text("Lily saw a big ball."),
                new Example.Text("Tom ran to the red tree."),
                new Example.PromptCompletion("Who?", " ")));
    FineTunePlan plan =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .dataset(rows)
            .method(FullFineTuning.create())
            .output(output)
            .build()
            .plan();
    assertThat(plan.dataFindings())
        .singleElement()
        .asString()
        .startsWith("ERROR: empty answers: 1 (first: examples row 2: the completion is blank");
    assertThat(plan.text()).contains("Data: ERROR: empty answers: 1");
    assertThat(plan.json()).contains("\"data\"", "ERROR: empty answers");
  }

  @Test
  void aReportOfADescriptionAndDataWithoutFaultSaysSo() {
    FineTuneReport report =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .dataset(
                Datasets.of(
                    List.of(
                        new Example.Text("Lily saw a big ball."),
                        new Example.Text("Tom ran to the red tree."))))
            .method(FullFineTuning.create())
            .output(output)
            .build()
            .run();
    assertThat(report.text()).endsWith("No warnings\n");
  }

  @Test
  void stepsTellTheirTimeMemoryAndShareOfTheProcessors() {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "no /proc: not Linux");
    FineTuneReport report = tuner(new TrainingListener() {}).epochs(1).build().run();
    assertThat(steps)
        .hasSize(5)
        .allSatisfy(
            step -> {
              assertThat(step.duration()).isPositive();
              assertThat(step.targetTokensPerSecond()).isPositive();
              assertThat(step.resources().heapBytes()).isPresent();
              assertThat(step.resources().residentBytes().orElseThrow()).isGreaterThan(1 << 20);
              assertThat(step.resources().processorShare().orElseThrow()).isBetween(0.0, 1.0);
            });
    assertThat(report.tokensPerSecond()).isPresent();
    assertThat(report.peakResidentBytes().orElseThrow())
        .isEqualTo(
            steps.stream()
                .mapToLong(step -> step.resources().residentBytes().orElseThrow())
                .max()
                .orElseThrow());
  }

  private FineTuner.Builder tuner(TrainingListener listener) {
    Dataset all = SmallModel.sentences(24);
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(new Split(all.take(20), all.subset(20, 21, 22, 23), all.take(0)))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .learningRate(1e-2)
        .listener(listener)
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                steps.add(event);
              }

              @Override
              public void warned(TrainingWarning warning) {
                warnings.add(warning);
              }
            })
        .output(output);
  }
}
