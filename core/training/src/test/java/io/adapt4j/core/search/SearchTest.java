package io.adapt4j.core.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.StepEvent;
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

/** Searches over a small model: what is tried, kept and continued from. */
class SearchTest {

  @TempDir static Path base;

  @TempDir Path output;

  private final List<Integer> started = new ArrayList<>();
  private final List<Integer> steps = new ArrayList<>();

  @BeforeAll
  static void writeModel() throws IOException {
    SmallModel.write(base);
  }

  private static FineTuner.Builder tuner(double learningRate) {
    Split split = SmallModel.sentences(12).split(0.67, 0.33, 0, 5);
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(split)
        .method(FullFineTuning.create())
        .batchSize(4)
        .epochs(1)
        .warmupSteps(0)
        .learningRate(learningRate);
  }

  private FineTuner.Builder counted(Trial trial) {
    started.add(trial.number());
    return tuner(trial.number("learningRate"))
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                steps.add(event.step());
              }
            });
  }

  private static Search.Builder search(
      Path folder, java.util.function.Function<Trial, FineTuner.Builder> template) {
    return Search.of(template).logUniform("learningRate", 1e-4, 1e-2).trials(3).output(folder);
  }

  private static List<Double> values(SearchReport report) {
    return report.results().stream().map(TrialResult::value).toList();
  }

  @Test
  void randomSearchKeepsTheBestTrialsCheckpointAlone() throws IOException {
    long before = Tensor.live();
    SearchReport report = search(output, this::counted).build().run();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(report.results()).hasSize(3).noneMatch(TrialResult::failed);
    double lowest = values(report).stream().min(Double::compare).orElseThrow();
    assertThat(report.best().orElseThrow().value()).isEqualTo(lowest);
    assertThat(report.checkpoint().orElseThrow().resolve("model.safetensors")).exists();
    try (Stream<Path> children = Files.list(output)) {
      assertThat(children.filter(Files::isDirectory)).hasSize(1);
    }
    assertThat(report.text()).contains("learningRate", "best: trial ");
    assertThat(Files.readString(output.resolve("results.csv"))).isEqualTo(report.csv());
    assertThat(report.csv().lines()).hasSize(4);
    assertThat(Json.written(report.json()).path("best").path("value").doubleValue())
        .isEqualTo(lowest);
  }

  @Test
  void aKilledSearchGoesOnWithoutRepeatingWhatIsFinished(@TempDir Path other) {
    SearchReport whole = search(other, trial -> tuner(trial.number("learningRate"))).build().run();
    assertThatThrownBy(
            () ->
                search(
                        output,
                        trial -> {
                          if (trial.number() == 1) {
                            throw new AssertionError("killed");
                          }
                          return counted(trial);
                        })
                    .build()
                    .run())
        .hasMessage("killed");
    SearchReport report = search(output, this::counted).build().run();
    assertThat(started).containsExactly(0, 1, 2);
    assertThat(values(report)).isEqualTo(values(whole));
    assertThat(report.best().map(TrialResult::trial))
        .isEqualTo(whole.best().map(TrialResult::trial));
  }

  @Test
  void aTrialThatWasRunningGoesOnWhereItStopped(@TempDir Path other) {
    SearchReport whole =
        search(other, trial -> tuner(trial.number("learningRate")).epochs(2)).build().run();
    AtomicReference<Search> running = new AtomicReference<>();
    running.set(
        search(
                output,
                trial ->
                    counted(trial)
                        .epochs(2)
                        .listener(
                            new TrainingListener() {
                              @Override
                              public void step(StepEvent event) {
                                if (trial.number() == 1 && event.step() == 3) {
                                  running.get().stop();
                                }
                              }
                            }))
            .build());
    assertThat(running.get().run().results()).hasSize(1);
    assertThat(steps).containsExactly(1, 2, 3, 4, 1, 2, 3);
    SearchReport report = search(output, trial -> counted(trial).epochs(2)).build().run();
    assertThat(steps.subList(7, steps.size())).containsExactly(4, 1, 2, 3, 4);
    assertThat(values(report)).isEqualTo(values(whole));
  }

  @Test
  void halvingContinuesTheBetterTrialsInsteadOfBeginningAgain(@TempDir Path alone) {
    SearchReport report =
        search(output, this::counted).trials(4).halvingByEpochs(1, 4, 2).build().run();
    assertThat(report.results().stream().map(TrialResult::rung))
        .containsExactly(0, 0, 0, 0, 1, 1, 2);
    assertThat(report.results().stream().map(TrialResult::steps))
        .containsExactly(2, 2, 2, 2, 4, 4, 8);
    assertThat(steps).containsExactly(1, 2, 1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 7, 8);
    TrialResult best = report.best().orElseThrow();
    assertThat(best.rung()).isEqualTo(2);
    double uninterrupted =
        tuner(best.trial().number("learningRate"))
            .epochs(4)
            .output(alone)
            .build()
            .run()
            .bestValidationLoss()
            .orElseThrow();
    assertThat(best.value()).isEqualTo(uninterrupted);
    assertThat(report.checkpoint().orElseThrow()).isDirectory();
  }

  @Test
  void halvingByStepsCountsSteps() {
    SearchReport report = search(output, this::counted).halvingBySteps(1, 3, 3).build().run();
    assertThat(report.results().stream().map(TrialResult::steps)).containsExactly(1, 1, 1, 3);
  }

  @Test
  void aTrialThatFailsIsStoredAndTheSearchGoesOn() {
    SearchReport report =
        search(
                output,
                trial -> {
                  if (trial.number() == 0) {
                    throw new OutOfMemoryError("no room");
                  }
                  return tuner(trial.number() == 1 ? -1 : trial.number("learningRate"));
                })
            .build()
            .run();
    assertThat(report.results()).extracting(TrialResult::failed).containsExactly(true, true, false);
    assertThat(report.results().get(0).failure().orElseThrow()).contains("no room");
    assertThat(report.best().orElseThrow().trial().number()).isEqualTo(2);
    assertThat(report.text()).contains("no room");
    assertThat(search(output, this::counted).build().run().results()).isEqualTo(report.results());
    assertThat(started).isEmpty();
  }

  @Test
  void anotherObjectiveMayWantTheHighestValue() {
    SearchReport report =
        search(output, this::counted)
            .maximize("negative loss", event -> -event.loss())
            .build()
            .run();
    assertThat(report.best().orElseThrow().value())
        .isEqualTo(values(report).stream().max(Double::compare).orElseThrow());
  }

  @Test
  void aFolderOfAnotherSearchIsRefused() throws IOException {
    search(output, trial -> tuner(-1)).build().run();
    assertThatThrownBy(() -> search(output, this::counted).seed(7).build().run())
        .isInstanceOf(SearchException.class)
        .hasMessageContaining("describes another search");
    Files.writeString(output.resolve("trials.jsonl"), "{\"trial\": 0}\n");
    assertThatThrownBy(() -> search(output, this::counted).build().run())
        .isInstanceOf(SearchException.class)
        .hasMessageContaining("line 1 is damaged");
  }
}
