package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.Option;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.internal.recipe.WrittenRecipe;
import io.adapt4j.core.internal.task.TaskDefinitions;
import io.adapt4j.core.internal.task.preference.Dpo;
import io.adapt4j.core.internal.task.preference.LossSettings;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.task.PreferenceTask;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.LearningRateSchedule;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A run as a tree of keys, read into the builder and written from what it built. */
class RunDescriptionTest {

  private static final String LEAST =
      """
      model: model
      data: {path: rows.jsonl, split: {train: 0.8, validation: 0.2, seed: 3}}
      method: full
      output: run
      """;

  /** Every key with a value that is not its default. */
  private static final String ALL =
      LEAST
          + """
          maskedRows: [{row: 1}]
          epochs: 2
          maxSteps: 7
          batchSize: 3
          gradientAccumulation: 2
          maxLength: 32
          overflow: split
          overlap: 3
          packing: true
          lossOn: all
          chatTemplate: zephyr
          neftune: 5
          regularize:
            - {ewc: {on: {path: earlier.jsonl}, strength: 2}}
            - {l2ToBase: {strength: 0.1}}
            - {klToBase: {on: {path: earlier.jsonl, take: 1}, strength: 0.5, every: 3}}
          learningRate: 1e-3
          schedule: {polynomial: {power: 2, end: 0.25}}
          warmupSteps: 4
          optimizer: {adamw: {beta1: 0.8, eps: 1e-6}}
          learningRateFactors:
            - {names: lm_head, factor: 2}
          weightDecay: 0
          maxGradientNorm: 0.5
          evaluateEvery: 5
          keepBest: true
          earlyStopping: 2
          metricForBestModel: loss
          keepLast: 2
          saveEvery: 10m
          saveLimit: 1
          gradientCheckpointing: true
          precision: fp32
          maxSkippedSteps: 0
          seed: -9007199254740993
          """;

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void writeModelAndRows() throws IOException {
    SmallModel.write(folder.resolve("model"));
    Files.writeString(
        folder.resolve("rows.jsonl"), "{\"text\": \"Once upon a time Lily saw it.\"}\n".repeat(10));
    Files.writeString(
        folder.resolve("earlier.jsonl"), "{\"text\": \"Tom had a red ball.\"}\n".repeat(4));
    file = folder.resolve("run.yaml");
  }

  private RunDescription described(String yaml) throws IOException {
    Files.writeString(file, yaml);
    return RunDescription.read(file);
  }

  private FineTuneSettings settings(String yaml) throws IOException {
    return described(yaml).builder().build().settings();
  }

  private List<String> problems(String yaml) {
    return catchThrowableOfType(SettingsException.class, () -> described(yaml).builder())
        .problems();
  }

  @Test
  void everySetterOfTheBuilderHasAKeyOrAReasonToHaveNone() {
    Set<String> setters =
        Arrays.stream(FineTuner.Builder.class.getMethods())
            .filter(method -> method.getReturnType().isAssignableFrom(FineTuner.Builder.class))
            .filter(method -> method.getReturnType() != Object.class)
            .map(Method::getName)
            .collect(Collectors.toSet());
    Set<String> mapped =
        TaskDefinitions.OPTIONS.stream().map(Option::setter).collect(Collectors.toSet());
    mapped.addAll(Options.WITHOUT_KEY.keySet());
    assertThat(mapped).as("options, and setters of the builder").isEqualTo(setters);
  }

  @Test
  void theKeysSayWhatTheBuilderSays() throws IOException {
    FineTuneSettings found = settings(ALL);
    FineTuneSettings expected =
        FineTuner.builder()
            .model(ModelSource.path(folder.resolve("model")))
            .dataset(found.train())
            .method(FullFineTuning.create())
            .output(folder.resolve("run"))
            .maskedRows(List.of(MaskedRow.of(1)))
            .epochs(2)
            .maxSteps(7)
            .batchSize(3)
            .gradientAccumulation(2)
            .maxLength(32)
            .overflow(Overflow.SPLIT)
            .overlap(3)
            .packing(true)
            .lossOn(LossOn.ALL)
            .chatTemplate("zephyr")
            .neftune(5)
            .learningRate(1e-3)
            .schedule(LearningRateSchedule.polynomial(2, 0.25))
            .warmupSteps(4)
            .optimizer(new Optimizer.AdamW(0.8, 0.999, 1e-6))
            .learningRateFactor("lm_head", 2)
            .weightDecay(0)
            .maxGradientNorm(0.5)
            .evaluateEvery(Interval.steps(5))
            .metricForBestModel("loss")
            .keepLast(2)
            .saveEvery(Interval.every(Duration.ofMinutes(10)))
            .saveLimit(1)
            .gradientCheckpointing(true)
            .precision(Precision.FP32)
            .maxSkippedSteps(0)
            .seed(-9007199254740993L)
            .dataset(
                new Split(found.train(), found.validation().orElseThrow(), found.train().take(0)))
            .keepBest()
            .earlyStopping(2)
            .build()
            .settings();
    assertThat(found)
        .usingRecursiveComparison()
        .ignoringFields("method", "regularizations", "listeners", "objective.model")
        .isEqualTo(expected);
    assertThat(found.method().identity()).isEqualTo(expected.method().identity());
    assertThat(found.train().size()).isEqualTo(8);
  }

  @Test
  void whatIsWrittenReadsBackAsTheSame() throws IOException {
    FineTuneSettings settings = settings(ALL);
    WrittenRecipe written = WrittenRuns.write(settings);
    assertThat(written.omitted()).isEmpty();
    FineTuneSettings again = WrittenRuns.builder(written.keys()).build().settings();
    assertThat(WrittenRuns.write(again).keys()).isEqualTo(written.keys());
    assertThat(again.training()).isEqualTo(settings.training());
    assertThat(again.train().size()).isEqualTo(8);
    assertThat(again.validation().orElseThrow().size()).isEqualTo(2);
    assertThat(again.train().locate(3)).isEqualTo(settings.train().locate(3));
  }

  @Test
  void everyKeyThatARecordCanHoldIsWritten() throws IOException {
    ObjectNode keys = WrittenRuns.write(settings(ALL)).keys();
    Set<String> acts = Set.of("overwriteOutput", "resume", "validation", "replay", "warmupRatio");
    assertThat(keys.properties().stream().map(property -> property.getKey()))
        .containsExactlyInAnyOrderElementsOf(
            TaskDefinitions.OPTIONS.stream()
                .<String>map(Option::name)
                .filter(name -> !acts.contains(name))
                .toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "constant",
        "linear",
        "cosine",
        "{cosine: {end: 0.1}}",
        "{cosineWithRestarts: {cycles: 3}}",
        "{polynomial: {power: 1.5, end: 0.25}}",
        "{warmupStableDecay: {decayRatio: 0.2}}"
      })
  void everyScheduleReadsBackAsItself(String schedule) throws IOException {
    FineTuneSettings settings = settings(LEAST + "schedule: " + schedule + "\n");
    ObjectNode keys = WrittenRuns.write(settings).keys();
    assertThat(WrittenRuns.builder(keys).build().settings().training().schedule())
        .isEqualTo(settings.training().schedule());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "adamw",
        "{adamw8bit: {beta2: 0.95}}",
        "paged_adamw_32bit",
        "{paged_adamw_8bit: {beta2: 0.95}}",
        "{adafactor: {clipThreshold: 2}}",
        "{sgd: {momentum: 0.9, nesterov: true}}",
        "{lion: {beta1: 0.8}}",
        "{muon: {momentum: 0.9, matchAdamW: false, bfloat16: true}}",
        "{schedule_free_adamw: {r: 1, weightPower: 1}}",
        "{galore_adamw: {rank: 8, gap: 50}}",
        "{apollo_adamw: {rank: 1, scale: 128, byChannel: false}}"
      })
  void everyOptimizerReadsBackAsItself(String optimizer) throws IOException {
    FineTuneSettings settings = settings(LEAST + "optimizer: " + optimizer + "\n");
    ObjectNode keys = WrittenRuns.write(settings).keys();
    assertThat(WrittenRuns.builder(keys).build().settings().training().step().optimizer())
        .isEqualTo(settings.training().step().optimizer());
  }

  @ParameterizedTest
  @EnumSource
  void everyFormOfDpoReadsBackAsItself(Dpo.Form form) throws IOException {
    String name = form.name().toLowerCase(Locale.ROOT).replace('_', '-');
    FineTuneSettings settings =
        settings(LEAST + "task: {dpo: {form: " + name + ", reference: none}}\n");
    PreferenceTask task = (PreferenceTask) settings.objective().task();
    assertThat(LossSettings.of(task.loss())).isEqualTo(new Dpo(0.1, form, 0));
    assertThat(task.reference()).isEqualTo(Reference.none());
    assertThat(WrittenRuns.write(settings).keys().at("/task/dpo/form").asText()).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "learningrate: 1 | run.yaml:5:1: learningrate: unknown key. Did you mean 'learningRate'?",
        "lr: 1 | lr: unknown key. Known are batchSize",
        "batch_size: 2 | Did you mean 'batchSize'?",
        "epochs: 0 | run.yaml:5:1: epochs: expected a whole number of at least 1, found 0.",
        "epochs: 1.5 | expected a whole number of at least 1, found 1.5.",
        "epochs: '3' | found the text '3'. Write it without quotes.",
        "learningRate: -1 | learningRate: expected a number above 0, found -1.",
        "keepBest: yes | keepBest: expected true or false, found the text 'yes'.",
        "precision: fp23 | precision: expected one of auto, bf16, fp16, fp32, found 'fp23'. Did"
            + " you",
        "precision: fp8 | precision: 'fp8' is not supported: training computes in fp32 or bf16",
        "precision: int4 | 'method: {qlora: {rank: 16}}' keeps them in 4 bits",
        "optimizer: adamv | optimizer: expected one of adafactor, adamw, adamw8bit,"
            + " apollo_adamw, galore_adamw, lion, muon,",
        "optimizer: {sgd: {momentun: 0.9}} | optimizer.sgd.momentun: unknown key. Did you mean",
        "schedule: {cosine: {end: 2}} | schedule.cosine.end: expected a number of at least 0 and",
        "evaluateEvery: 10m | expected 'epoch' or a number of steps of at least 1, found '10m'.",
        "saveEvery: 10 minutes | or a time such as 30s, 10m or 2h, found '10 minutes'.",
        "saveEvery: 0s | or a time such as 30s, 10m or 2h, found '0s'.",
        "task: clasification | task: expected one of classification, cpo, distillation, dpo,"
            + " embeddings, grpo, kto",
        "task: {regression: {labels: [a]}} | task.regression.labels: unknown key.",
        "regularize: {ewc: {}} | regularize[0].ewc.on: expected a value, found none.",
        "regularize: {l3: {strength: 1}} | expected one of ewc, klToBase, l2ToBase, found 'l3'.",
        "replay: {path: rows.jsonl} | replay.share: expected a value, found none.",
        "evaluateEvery: never | expected 'epoch' or a number of steps",
        "warmupRatio: 0.1\\n"
            + "warmupSteps: 3 | run.yaml:6:1: warmupSteps: expected without warmupRatio",
        "epochs: 1\\nepochs: 2 | run.yaml:6:1: epochs: the key occurs twice.",
        "learningRateFactors: {names: '(', factor: 1} | learningRateFactors[0].names: ",
        "epochs: [1 | not valid YAML"
      })
  void whatIsWrongIsSaidWithItsPlaceAndARemedy(String line, String problem) {
    assertThat(problems(LEAST + line.replace("\\n", "\n") + "\n"))
        .singleElement()
        .asString()
        .startsWith(folder.toString())
        .contains(problem);
  }

  @Test
  void everythingThatIsWrongIsSaidAtOnce() {
    assertThat(
            problems(
                """
                modle: model
                data:
                  path: missing.jsonl
                  splt: {train: 1}
                method: {prompts: {}}
                epochs: none
                """))
        .hasSize(7)
        .anySatisfy(text -> assertThat(text).contains("modle: unknown key. Did you mean 'model'?"))
        .anySatisfy(text -> assertThat(text).contains(": model: expected a value, found none."))
        .anySatisfy(text -> assertThat(text).contains("run.yaml:3:3: data.path: ", "missing.jsonl"))
        .anySatisfy(text -> assertThat(text).contains("data.splt: unknown key", "'split'"))
        .anySatisfy(text -> assertThat(text).contains("method: expected one of full", "'prompts'"))
        .anySatisfy(text -> assertThat(text).contains("epochs: expected a whole number"))
        .anySatisfy(text -> assertThat(text).contains("output: expected a value, found none."));
  }

  @Test
  void aKeySetFromOutsideStandsInThePlaceOfTheFiles() throws IOException {
    RunDescription description =
        described(LEAST)
            .with("epochs", "9")
            .with("data.split.seed", "8")
            .with("output", folder.resolve("other").toString());
    FineTuneSettings settings = description.builder().build().settings();
    assertThat(settings.training().epochs()).isEqualTo(9);
    assertThat(settings.output()).isEqualTo(folder.resolve("other"));
    assertThat(settings.train().locate(0)).isNotNull();
    assertThatThrownBy(() -> description.with("epochs", "some").builder())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("--set epochs:1:1: epochs: expected a whole number");
  }

  @Test
  void aTunerDescribesItsRunAsATextForAnotherProcess() throws IOException {
    FineTuner tuner = described(ALL).builder().build();
    RunDescription again = RunDescription.parse(tuner.description().text());
    assertThat(again.builder().build().settings().training())
        .isEqualTo(tuner.settings().training());
    assertThat(again.text()).isEqualTo(tuner.description().text());
  }

  @Test
  void dataThatCannotBeMadeAgainIsSaidToBe() {
    FineTuner tuner =
        FineTuner.builder()
            .model(ModelSource.path(folder.resolve("model")))
            .dataset(SmallModel.sentences(4))
            .method(FullFineTuning.create())
            .output(folder.resolve("run"))
            .build();
    assertThat(WrittenRuns.write(tuner.settings()).omitted())
        .containsExactly("data: rows in memory");
    refuses(SettingsException.class, tuner::description, "data: rows in memory");
  }

  @Test
  void aScheduleOfOnesOwnIsSaidToBeCode() throws IOException {
    FineTuneSettings settings =
        described(LEAST)
            .builder()
            .schedule(LearningRateSchedule.custom("squared", (done, warmup) -> 1 - done * done))
            .build()
            .settings();
    WrittenRecipe written = WrittenRuns.write(settings);
    assertThat(written.keys().has("schedule")).isFalse();
    assertThat(written.omitted()).containsExactly("schedule: a schedule of your own is code");
  }
}
