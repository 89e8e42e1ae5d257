package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.task.PreferenceTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Decoders fine-tuned on preferences, from the builder to the saved folder. */
class PreferenceTuningTest {

  private static final List<String> PROMPTS =
      List.of("Lily saw", "Tom had", "The dog found", "She wanted", "He ran to", "They liked");

  @TempDir private Path folder;
  private Path base;

  private final RunRecorder events = new RunRecorder();

  @BeforeEach
  void write() throws IOException {
    base = SmallModel.write(folder.resolve("base"));
  }

  static Stream<Task> tasks() {
    return Stream.of(
        dpo(),
        Task.preference(PreferenceLoss.aot(0.1, 0)).reference(Reference.precomputed()),
        Task.preference(PreferenceLoss.orpo(0.5)),
        Task.preference(PreferenceLoss.simpo(2, 0.5)),
        Task.preference(PreferenceLoss.cpo(0.1, 1)),
        Task.preference(PreferenceLoss.kto(0.1)).reference(Reference.precomputed()));
  }

  private static PreferenceTask dpo() {
    return Task.preference(PreferenceLoss.dpo(0.1)).reference(Reference.precomputed());
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void heldOutAnswersArePreferredAfterTraining(Task task) {
    long before = Tensor.live();
    FineTuneReport report =
        tuner(task, data()).keepBest().metricForBestModel("accuracy").build().run();
    assertThat(Tensor.live()).isEqualTo(before);
    // Answers by themselves are held against an estimate that moves with the model.
    boolean unpaired = ((PreferenceTask) task).loss().name().equals("kto");
    assertThat(report.bestMetrics().get("accuracy")).isGreaterThanOrEqualTo(unpaired ? 0.75 : 0.9);
    assertThat(report.bestMetrics().get("reward_chosen"))
        .isGreaterThan(report.bestMetrics().get("reward_rejected"));
    StepEvent first = events.steps.get(0);
    StepEvent last = events.steps.get(events.steps.size() - 1);
    assertThat(last.loss()).isLessThan(first.loss());
    assertThat(last.metrics().get("accuracy")).isGreaterThan(unpaired ? 0.4 : 0.8);
    assertThat(last.metrics()).containsKeys("length_chosen", "logp_rejected");
    try (LanguageModel model =
        LanguageModel.load(ModelSource.path(report.best()), Precision.FP32)) {
      assertThat(model.generate("Lily saw", GenerationOptions.greedy())).isNotEmpty();
    }
  }

  @Test
  void theFirstStepOfDpoKnowsNoDifferenceFromTheReference() {
    tuner(dpo(), data()).maxSteps(1).build().run();
    StepEvent first = events.steps.get(0);
    assertThat(first.loss()).isCloseTo(Math.log(2), within(1e-5));
    assertThat(first.metrics().get("margin")).isCloseTo(0, within(1e-5));
    assertThat(first.metrics().get("kl")).isCloseTo(0, within(1e-4));
    assertThat(events.evaluations.get(0).metrics().keySet())
        .containsExactly(
            words(
                "reward_chosen reward_rejected margin accuracy kl logp_chosen logp_rejected",
                "length_chosen length_rejected"));
  }

  @Test
  void aReferenceThatWasAskedOnceIsThatOfAModelBeside() {
    tuner(dpo(), data()).maxSteps(6).build().run();
    List<Double> stored = events.losses();
    events.steps.clear();
    Task beside = dpo().reference(Reference.model(base));
    tuner(beside, data()).output(folder.resolve("beside")).maxSteps(6).build().run();
    for (int step = 0; step < stored.size(); step++) {
      assertThat(events.losses().get(step)).isCloseTo(stored.get(step), within(1e-5));
    }
    assertThat(folder.resolve("run/reference-training.safetensors")).exists();
    assertThat(folder.resolve("run/reference-validation.safetensors")).exists();
    assertThat(folder.resolve("beside/reference-training.safetensors")).doesNotExist();
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void aRunThatWasStoppedGoesOnToTheBit(Task task) {
    Path whole = folder.resolve("whole");
    Path cut = folder.resolve("cut");
    Path expected = tuner(task, data()).output(whole).maxSteps(9).build().run().last();
    List<Double> losses = events.losses();
    FineTuner[] running = new FineTuner[1];
    running[0] =
        tuner(task, data())
            .output(cut)
            .maxSteps(9)
            .listener(
                new TrainingListener() {
                  @Override
                  public void step(StepEvent event) {
                    if (event.step() == 4) {
                      running[0].stop();
                    }
                  }
                })
            .build();
    running[0].run();
    events.steps.clear();
    Path found = tuner(task, data()).output(cut).maxSteps(9).resume().build().run().last();
    assertThat(found.resolve("model.safetensors"))
        .hasSameBinaryContentAs(expected.resolve("model.safetensors"));
    assertThat(events.losses()).isEqualTo(losses.subList(4, 9));
  }

  @Test
  void anotherTaskDoesNotGoOnWithARun() {
    tuner(dpo(), data()).maxSteps(3).build().run();
    FineTuner other =
        tuner(Task.preference(PreferenceLoss.orpo(0.1)), data()).maxSteps(3).resume().build();
    assertThatThrownBy(other::run).hasMessageContaining("task");
  }

  @Test
  void thePlanCountsBothAnswersOfAPair() {
    FineTunePlan plan = tuner(dpo(), data()).build().plan();
    assertThat(plan.trainExamples()).isEqualTo(24);
    assertThat(((RunPlan) plan).forecast().orElseThrow().rows()).isEqualTo(8 * 2);
    long alone = ((RunPlan) plan).forecast().orElseThrow().memory().peakBytes();
    Task beside = dpo().reference(Reference.model(base));
    assertThat(
            ((RunPlan) tuner(beside, data()).build().plan())
                .forecast()
                .orElseThrow()
                .memory()
                .peakBytes())
        .isGreaterThan(alone);
    Task kto = Task.preference(PreferenceLoss.kto(0.1)).reference(Reference.precomputed());
    FineTunePlan unpaired = tuner(kto, data()).build().plan();
    assertThat(unpaired.trainExamples()).isEqualTo(48);
    assertThat(((RunPlan) unpaired).forecast().orElseThrow().rows()).isEqualTo(8);
  }

  @Test
  void whatCannotBeTrainedIsRefusedWithTheRemedy() {
    assertThatThrownBy(() -> tuner(Task.preference(PreferenceLoss.dpo(0.1)), data()).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("say reference(Reference.precomputed())");
    Task alone = Task.preference(PreferenceLoss.kto(0.1)).reference(Reference.none());
    assertThatThrownBy(() -> tuner(alone, data()).batchSize(1).build())
        .hasMessageContaining("batchSize must be at least 2, found 1");
    Task ranked = Task.preference(PreferenceLoss.aotPair(0.1, 0)).reference(Reference.none());
    assertThatThrownBy(() -> tuner(ranked, data()).batchSize(1).build())
        .hasMessageContaining("AOT compares the answers of each batch")
        .hasMessageContaining("at least 2, found 1");
    assertThatThrownBy(() -> tuner(dpo(), data()).overflow(Overflow.SPLIT).build())
        .hasMessageContaining("overflow SPLIT is not for preferences");
    assertThatThrownBy(() -> tuner(dpo(), data()).metricForBestModel("mrr").build())
        .hasMessageContaining("expected one of [loss, accuracy, margin]");
    Task lost = dpo().reference(Reference.model(folder.resolve("nowhere")));
    assertThatThrownBy(() -> tuner(lost, data()).build()).hasMessageContaining("does not exist");
    Dataset texts = SmallModel.sentences(8);
    FineTuner other = tuner(dpo(), new Split(texts, texts.take(0), texts.take(0))).build();
    refuses(
        SettingsException.class, other::run, "row 0: expected a chosen and a rejected completion");
  }

  @Test
  void pairsThatAreAllAlikeAreRefusedWithTheirNumber() {
    Dataset alike = Datasets.of(List.of(new Example.Preference("Lily", " ran", " ran")));
    FineTuner tuner = tuner(dpo(), new Split(alike, alike.take(0), alike.take(0))).build();
    assertThatThrownBy(tuner::run)
        .hasMessageContaining("1 have two completions that are alike within it");
  }

  @Test
  void aDescribedRunIsTheSameRunAgain() throws IOException {
    Files.writeString(
        folder.resolve("pairs.jsonl"),
        "{\"prompt\": \"Lily\", \"chosen\": \" ran\", \"rejected\": \" sat\"}\n".repeat(4));
    for (String task :
        List.of(
            "{dpo: {beta: 0.2, form: robust, labelSmoothing: 0.1, reference: precomputed}}",
            "{dpo: {form: ipo, reference: {model: {path: base}}}}",
            "{kto: {desirableWeight: 1.3, divergence: false, reference: none}}",
            "{orpo: {lambda: 0.3}}",
            "{simpo: {gamma: 0.5, alpha: 0.2}}",
            "cpo")) {
      Path file = folder.resolve("run.yaml");
      Files.writeString(
          file,
          "model: base\ntask: "
              + task
              + "\ndata: {path: pairs.jsonl}\nmethod: full\noutput: out\nbatchSize: 2\n");
      FineTuneSettings settings = RunDescription.read(file).builder().build().settings();
      Task found = settings.objective().task();
      Files.writeString(file, WrittenRuns.write(settings).keys().toString());
      assertThat(RunDescription.read(file).builder().build().settings().objective().task())
          .as(task)
          .isEqualTo(found);
    }
  }

  private FineTuner.Builder tuner(Task task, Split data) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(task)
        .dataset(data)
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(6)
        .learningRate(3e-3)
        .batchSize(8)
        .listener(events)
        .output(folder.resolve("run"));
  }

  /** The sun is better than a ball. */
  private static Split data() {
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      rows.add(
          new Example.Preference(
              PROMPTS.get(i % PROMPTS.size()) + " " + i, " the sun.", " a big red ball."));
    }
    Dataset all = Datasets.of(rows);
    return new Split(all.subset(IntStream.range(8, 32).toArray()), all.take(8), all.take(0));
  }
}
