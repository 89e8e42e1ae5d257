package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.task.PreferenceTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.RunEnd;
import io.adapt4j.core.train.RunOutcome;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingWarning;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The evaluation before training counts, and a run that makes a model worse says so. */
class WorseRunTest {

  private static final double RUINOUS = 1;

  @TempDir private Path folder;

  private final RunRecorder events = new RunRecorder();

  @Test
  void aRuinedRunKeepsTheUntouchedModelAsBestAndSaysSoFirstEverywhere() throws IOException {
    Path base = SmallModel.write(folder.resolve("base"));
    ByteArrayOutputStream console = new ByteArrayOutputStream();
    FineTuneReport report =
        tokens(base, "run")
            .learningRate(RUINOUS)
            .keepBest()
            .listener(
                TrainingListeners.console(new PrintStream(console, true, StandardCharsets.UTF_8)))
            .listener(TrainingListeners.files(folder.resolve("run")))
            .build()
            .run();

    assertThat(report.outcome()).isEqualTo(RunOutcome.WORSE);
    assertThat(weights(report.best())).isEqualTo(weights(base));
    assertThat(weights(report.last())).isNotEqualTo(weights(base));
    assertThat(report.bestStep()).hasValue(0);
    assertThat(report.bestValidationLoss()).isEqualTo(report.initialValidationLoss());
    assertThat(report.lastValidationLoss().orElseThrow())
        .isGreaterThan(report.initialValidationLoss().orElseThrow());
    assertThat(events.evaluations).noneMatch(EvaluationEvent::bestSoFar);

    TrainingWarning first = report.warnings().get(0);
    assertThat(first.kind()).isEqualTo(TrainingWarning.Kind.ENDED_WORSE);
    assertThat(first.text())
        .contains(
            String.format(
                Locale.ROOT, "validation loss %.4f", report.initialValidationLoss().orElseThrow()),
            "'best' holds",
            "learning rate, which was 1;",
            "1e-06 to 5e-05 for full fine-tuning on next tokens");
    assertThat(report.text())
        .startsWith("WARNING: The run ended worse than it began")
        .contains("no evaluation was better", "(the model before training)")
        .doesNotContain("No warnings", "at best");

    String shown = console.toString(StandardCharsets.UTF_8);
    assertThat(shown)
        .contains("| before training", "model before training saved to")
        .doesNotContain("best so far", "(best)", "best validation loss");
    assertThat(shown.indexOf("WARNING: The run ended worse"))
        .isPositive()
        .isLessThan(shown.indexOf("Training completed"));

    String page = Files.readString(folder.resolve("run").resolve(TrainingListeners.REPORT));
    assertThat(page.indexOf("<p class=\"warning loud\""))
        .isPositive()
        .isLessThan(page.indexOf("<progress"));
    assertThat(page).contains("no evaluation was better").doesNotContain("best validation loss");
    assertThat(folder.resolve("run").resolve(TrainingListeners.METRICS))
        .content()
        .contains("\"kind\":\"ENDED_WORSE\"", "\"best_step\":0");
  }

  @Test
  void withoutKeepBestTheReportSaysThatLastIsWorse() throws IOException {
    Path base = SmallModel.write(folder.resolve("base"));
    FineTuneReport report = tokens(base, "run").learningRate(RUINOUS).build().run();
    assertThat(report.best()).isEqualTo(report.last());
    assertThat(report.text())
        .startsWith("WARNING: The run ended worse than it began")
        .contains("'last' is worse than the untouched model, and no evaluation was better");
  }

  @Test
  void aRunThatImprovesIsAnnouncedAsBefore() throws IOException {
    Path base = SmallModel.write(folder.resolve("base"));
    FineTuneReport report = tokens(base, "run").learningRate(1e-2).keepBest().build().run();
    assertThat(report.outcome()).isEqualTo(RunOutcome.IMPROVED);
    assertThat(report.bestStep().orElseThrow()).isPositive();
    assertThat(weights(report.best())).isNotEqualTo(weights(base));
    assertThat(report.warnings()).isEmpty();
    assertThat(report.text()).startsWith("Training completed").contains("at best, in step");
  }

  @Test
  void aRuinedRunThatWasStoppedGoesOnToTheSameEnd() throws IOException {
    Path base = SmallModel.write(folder.resolve("base"));
    FineTuneReport whole = tokens(base, "whole").learningRate(RUINOUS).keepBest().build().run();
    FineTuner[] running = new FineTuner[1];
    running[0] =
        tokens(base, "cut")
            .learningRate(RUINOUS)
            .keepBest()
            .listener(
                new TrainingListener() {
                  @Override
                  public void step(StepEvent event) {
                    if (event.step() == 5) {
                      running[0].stop();
                    }
                  }
                })
            .build();
    assertThat(running[0].run().reason()).isEqualTo(StopReason.STOP_REQUESTED);
    FineTuneReport resumed =
        tokens(base, "cut").learningRate(RUINOUS).keepBest().resume().build().run();
    assertThat(weights(resumed.best())).isEqualTo(weights(base));
    assertThat(weights(resumed.last())).isEqualTo(weights(whole.last()));
    assertThat(resumed.bestStep()).hasValue(0);
    assertThat(resumed.initialMetrics()).isEqualTo(whole.initialMetrics());
    assertThat(resumed.warnings()).isEqualTo(whole.warnings());
  }

  @Test
  void earlyStoppingCountsTheEvaluationBeforeTraining() throws IOException {
    Path base = SmallModel.write(folder.resolve("base"));
    FineTuneReport report =
        tokens(base, "run")
            .learningRate(RUINOUS)
            .evaluateEvery(Interval.steps(1))
            .earlyStopping(2)
            .keepBest()
            .build()
            .run();
    assertThat(report.reason()).isEqualTo(StopReason.EARLY_STOPPED);
    assertThat(report.steps()).isEqualTo(2);
    assertThat(weights(report.best())).isEqualTo(weights(base));
  }

  /** A task, its base, its data and the metric that decides. */
  private record Case(
      String name, Task task, boolean encoder, Dataset data, String metricForBestModel) {

    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> tasks() {
    List<Example> classified = new ArrayList<>();
    List<Example> found = new ArrayList<>();
    List<Example> preferred = new ArrayList<>();
    for (String who : List.of("cat", "dog", "red cat", "blue dog", "red dog", "blue cat")) {
      for (String article : List.of("the", "a")) {
        String text = article + " " + who;
        classified.add(new Example.Classified(text, who.endsWith("cat") ? "cat" : "dog"));
        found.add(new Example.QueryPassage(text, "this is " + who));
        preferred.add(new Example.Preference(text + " ", "ran fast", "sat slow"));
      }
    }
    Dataset pairs = Datasets.of(preferred);
    PreferenceTask dpo = Task.preference(PreferenceLoss.dpo(0.1));
    return List.of(
        new Case("next tokens", Task.nextTokens(), false, SmallModel.sentences(16), "loss"),
        new Case("classification", Task.classification(), true, Datasets.of(classified), "loss"),
        new Case("by accuracy", Task.classification(), true, Datasets.of(classified), "accuracy"),
        new Case("embeddings", Task.embeddings(), true, Datasets.of(found), "loss"),
        new Case("dpo", dpo.reference(Reference.precomputed()), false, pairs, "loss"),
        new Case("orpo", Task.preference(PreferenceLoss.orpo(0.1)), false, pairs, "loss"),
        new Case("reward", Task.reward(), true, pairs, "loss"),
        new Case(
            "reinforcement",
            Task.reinforcement(
                Grpo.builder()
                    .reward("short", (prompt, completion, fields) -> -completion.length())
                    .promptsPerRollout(2)
                    .groupSize(4)
                    .maxNewTokens(4)
                    .build()),
            false,
            SmallModel.sentences(16),
            "reward"));
  }

  /** Whatever training does, what is in best is not worse than the base by the run's own metric. */
  @ParameterizedTest
  @MethodSource("tasks")
  void bestIsNeverWorseThanTheBase(Case given) throws IOException {
    Path base =
        given.encoder()
            ? SmallEncoder.write(folder.resolve("base"))
            : SmallModel.write(folder.resolve("base"));
    FineTuneReport report =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .task(given.task())
            .dataset(given.data().split(0.75, 0.25, 0, 1))
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .learningRate(RUINOUS)
            .batchSize(4)
            .maxSteps(4)
            .evaluateEvery(Interval.steps(2))
            .metricForBestModel(given.metricForBestModel())
            .keepBest()
            .listener(events)
            .output(folder.resolve("run"))
            .build()
            .run();
    EvaluationEvent before = events.evaluations.get(0);
    boolean more = !given.metricForBestModel().equals("loss");
    List<Double> values =
        events.evaluations.stream()
            .map(evaluation -> value(evaluation, given.metricForBestModel()))
            .toList();
    double best =
        more
            ? report.bestMetrics().get(given.metricForBestModel())
            : report.bestValidationLoss().orElseThrow();
    assertThat(values).contains(best);
    assertThat(more ? best : -best).isGreaterThanOrEqualTo(more ? values.get(0) : -values.get(0));
    assertThat(report.best()).isDirectory().isNotEqualTo(report.last());
    RunEnd end = events.ends.get(0);
    assertThat(end.bestStep()).isEqualTo(report.bestStep());
    if (report.outcome() == RunOutcome.WORSE) {
      assertThat(report.text()).startsWith("WARNING: ");
    } else {
      assertThat(report.text()).startsWith("Training ");
    }
    if (report.bestStep().orElseThrow() == 0) {
      assertThat(report.bestMetrics()).isEqualTo(before.metrics());
      assertThat(common(weights(base), weights(report.best()))).isNotEmpty();
    }
  }

  private static double value(EvaluationEvent event, String metric) {
    return metric.equals("loss") ? event.loss() : event.metrics().get(metric);
  }

  /** The tensors of the base, which are unchanged in the untouched model's checkpoint. */
  private static List<String> common(Map<String, ByteBuffer> base, Map<String, ByteBuffer> saved) {
    List<String> found = new ArrayList<>();
    for (String name : saved.keySet()) {
      // With a head, the encoder's tensors lie in their own module.
      String plain = name.replaceFirst("^bert\\.", "");
      if (base.containsKey(plain)) {
        assertThat(saved.get(name)).as(name).isEqualTo(base.get(plain));
        found.add(name);
      }
    }
    return found;
  }

  private FineTuner.Builder tokens(Path base, String output) {
    Dataset all = SmallModel.sentences(24);
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(new Split(all.take(20), all.subset(20, 21, 22, 23), all.take(0)))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .epochs(2)
        .evaluateEvery(Interval.steps(2))
        .saveEvery(Interval.steps(1))
        .listener(events)
        .output(folder.resolve(output));
  }

  private static Map<String, ByteBuffer> weights(Path checkpoint) {
    Map<String, ByteBuffer> weights = new TreeMap<>();
    try (Checkpoint file = Checkpoint.open(checkpoint)) {
      for (String name : file.names()) {
        ByteBuffer copy = ByteBuffer.allocate(file.bytes(name).remaining());
        weights.put(name, copy.put(file.bytes(name)).flip());
      }
    }
    return weights;
  }
}
