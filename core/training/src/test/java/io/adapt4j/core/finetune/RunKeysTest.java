package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.WrittenRecipe;
import io.adapt4j.core.internal.task.TaskDefinitions;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys of a run with options of their own, read and written. */
class RunKeysTest {

  private static final String LEAST =
      """
      model: model
      data: {path: rows.jsonl, split: {train: 0.8, validation: 0.2, seed: 3}}
      method: full
      output: run
      """;

  private static final String TERMS =
      """
      regularize:
        - {ewc: {on: {path: earlier.jsonl}, strength: 2}}
        - {l2ToBase: {strength: 0.1}}
        - {klToBase: {on: {path: earlier.jsonl, take: 1}, strength: 0.5, every: 3}}
      """;

  @TempDir private Path folder;

  @BeforeEach
  void writeModelAndRows() throws IOException {
    SmallModel.write(folder.resolve("model"));
    Files.writeString(
        folder.resolve("rows.jsonl"), "{\"text\": \"Once upon a time Lily saw it.\"}\n".repeat(10));
    Files.writeString(
        folder.resolve("earlier.jsonl"), "{\"text\": \"Tom had a red ball.\"}\n".repeat(4));
  }

  private RunDescription described(String yaml) throws IOException {
    return RunDescription.read(Files.writeString(folder.resolve("run.yaml"), yaml));
  }

  private FineTuneSettings settings(String yaml) throws IOException {
    return described(yaml).builder().build().settings();
  }

  @Test
  void regularizationsReadBackAsThemselves() throws IOException {
    FineTuneSettings settings = settings(LEAST + TERMS);
    ObjectNode keys = WrittenRuns.write(settings).keys();
    FineTuneSettings again = WrittenRuns.builder(keys).build().settings();
    for (FineTuneSettings fineTuneSettings : List.of(settings, again)) {
      assertThat(fineTuneSettings.regularizations()).hasSize(3);
      Regularization ewc = fineTuneSettings.regularizations().get(0);
      assertThat(ewc.strength()).isEqualTo(2);
      assertThat(ewc.reference().orElseThrow().size()).isEqualTo(4);
      assertThat(fineTuneSettings.regularizations().get(1)).hasToString("l2ToBase[strength=0.1]");
      Regularization kl = fineTuneSettings.regularizations().get(2);
      assertThat(kl.strength()).isEqualTo(0.5);
      assertThat(kl.every()).isEqualTo(3);
      assertThat(kl.reference().orElseThrow().size()).isEqualTo(1);
    }
  }

  @Test
  void aFisherFileIsNamedInThePlaceOfReferenceData() throws IOException {
    FineTuneSettings settings =
        settings(LEAST + "regularize: {ewc: {from: fisher.safetensors, strength: 3}}\n");
    Regularization ewc = settings.regularizations().get(0);
    assertThat(ewc.fisher()).contains(folder.resolve("fisher.safetensors"));
    assertThat(WrittenRuns.write(settings).keys().at("/regularize/0/ewc/from").asText())
        .isEqualTo(folder.resolve("fisher.safetensors").toString());
  }

  @Test
  void referenceDataThatCannotBeMadeAgainIsSaidToBe() throws IOException {
    FineTuneSettings settings =
        described(LEAST)
            .builder()
            .regularize(Regularization.klToBase(SmallModel.sentences(2)))
            .build()
            .settings();
    WrittenRecipe written = WrittenRuns.write(settings);
    assertThat(written.omitted()).containsExactly("regularize: rows in memory");
    assertThat(written.keys().has("regularize")).isFalse();
  }

  @Test
  void aRunWithReplayIsWrittenAsTheMixtureThatItTrainsOn() throws IOException {
    FineTuneSettings settings = settings(LEAST + "replay: {path: earlier.jsonl, share: 0.2}\n");
    assertThat(settings.train().size()).isEqualTo(10);
    WrittenRecipe written = WrittenRuns.write(settings);
    assertThat(written.omitted()).isEmpty();
    FineTuneSettings again = WrittenRuns.builder(written.keys()).build().settings();
    assertThat(again.train().size()).isEqualTo(10);
    for (int row = 0; row < 10; row++) {
      assertThat(again.train().locate(row)).isEqualTo(settings.train().locate(row));
    }
    assertThat(again.validation().orElseThrow().size()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "full | full fine-tuning",
        "{full: {freezeFirstLayers: 1}} | full fine-tuning (first 1 layers frozen)",
        "{full: {freezeEmbeddings: true, freeze: norm}} | full fine-tuning (embeddings frozen, frozen"
            + " [norm])",
        "{full: {trainOnly: [mlp, lm_head]}} | full fine-tuning (only [mlp, lm_head])"
      })
  void whatIsFrozenReadsBackAsItself(String method, String said) throws IOException {
    FineTuningMethod read = settings(LEAST.replace("method: full", "method: " + method)).method();
    assertThat(read.description()).isEqualTo(said);
    FineTuneSettings settings = settings(LEAST.replace("method: full", "method: " + method));
    ObjectNode keys = WrittenRuns.write(settings).keys();
    assertThat(WrittenRuns.builder(keys).build().settings().method().description()).isEqualTo(said);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nextTokens",
        "classification",
        "{classification: {labels: [no, yes], replaceClassifier: true}}",
        "{multiLabel: {labels: [a, b]}}",
        "regression",
        "{tokenClassification: {labels: [O, B-PER]}}",
        "maskedTokens",
        "{maskedTokens: {probability: 0.3}}",
        "embeddings",
        "{embeddings: {scale: 30.5, queryPrompt: 'query: ', passagePrompt: 'passage: '}}",
        "{embeddings: {matryoshka: [64, 32], matryoshkaWeights: [1, 0.5], truncateDimension: 32}}",
        "{embeddings: {hybrid: true, selfDistillation: true}}",
        "reranking",
        "{reranking: {instruction: 'Find the article'}}",
        "{grpo: {rewards: [{name: a, regex: 'x+', weight: 0.5}, {name: b, numericAnswer: sum}],"
            + " promptsPerRollout: 3, groupSize: 4, maxNewTokens: 9, temperature: 0.7, topP: 0.9,"
            + " topK: 5, generationBatch: 6, passes: 2, maskTruncated: true,"
            + " advantages: leave-one-out, normalization: dr-grpo, clipLow: 0.1, clipHigh: 0.3,"
            + " klCoefficient: 0.02, sequenceRatios: true}}",
        "{grpo: {rewards: [{name: a, regex: 'x+'}], objective: {cispo: {limit: 4}}, correctKl: true,"
            + " offPolicyLimit: 0.5, topEntropy: 0.2, entropyCoefficient: 0.01, normalization: luspo,"
            + " importanceCorrection: {form: token-masked, limit: 2}, dynamicSampling: 3}}",
        "{grpo: {rewards: [{name: a, regex: 'x+'}], objective: {sapo: {positive: 2, negative: 3}}}}",
        "{grpo: {rewards: [{name: a, regex: 'x+'}], objective: vespo, rolloutsAhead: true}}",
        "{grpo: {rewards: [{name: a, regex: 'x+'}], clipCeiling: 4}}",
        "{grpo: {rewards: [{name: a, exact: answer}, {name: b, citation: passages},"
            + " {name: c, numericAnswer: sum, tolerance: 0.5}, {name: d, jsonSchema: '{}'}],"
            + " importanceCorrection: false, traces: /tmp/traces, replay: /tmp/others}}",
        "{grpo: {rewards: [{name: a, exact: answer}], temperature: 0.5}}",
        "{nextTokens: {dynamicFineTuning: true, zLoss: 0.001}}",
        "{nextTokens: {labelSmoothing: 0.1}}",
        "{distillation: {teacher: /tmp/large, beta: 0.1, temperature: 2, onPolicy: 0.5,"
            + " maxNewTokens: 9}}",
        "{distillation: {teacher: /tmp/large, miniLlm: 0.9}}",
        "{distillation: {teacher: /tmp/large, alignTokenizers: true}}",
        "{distillation: {teacher: /tmp/large, alignTokenizers: {matched: 1, unmatched: 0.5,"
            + " crossEntropy: 0.2, distillation: 2}}}",
        "{distillation: {teacher: /tmp/large, alignTokenizers: {hybrid: false, wholeTexts: false}}}",
        "{selfDistillation: {beta: 0.5, onPolicy: 0.5}}",
        "selfDistillation",
        "{distillation: {stored: /tmp/top.safetensors, top: 20}}",
        "{distillation: {server: {address: 'http://localhost:8000/v1', model: large,"
            + " apiKeyFrom: KEY}, stored: /tmp/top.safetensors, top: 20}}",
        "reward",
        "{sequenceToSequence: {labelSmoothing: 0.1}}",
        "{reward: {margin: gap, centering: 0.01}}",
        "{ppo: {rewards: [{name: a, model: /tmp/liked}, {name: b, adapter: /tmp/other}], clip: 0.1, valueClip: 0.3,"
            + " valueCoefficient: 0.5, discount: 0.99, lambda: 0.9, klCoefficient: 0.1,"
            + " klTarget: 6, klHorizon: 1000, klEstimator: k3, whitenRewards: true}}"
      })
  void everyTaskReadsBackAsItself(String yaml) {
    Task task = TaskDefinitions.read(fields("task: " + yaml)).orElseThrow();
    ObjectNode written = JsonNodeFactory.instance.objectNode();
    written.set("task", TaskDefinitions.write(task).orElseThrow());
    assertThat(TaskDefinitions.read(fields(written.toString()))).contains(task);
    assertThat(written.toString()).contains(yaml.replaceAll("^\\{|:.*", ""));
  }

  @Test
  void rewardsSayWhatIsWrongWithThem() {
    Problems problems = new Problems();
    String yaml =
        "task: {grpo: {rewards: [{name: a}, {regex: '('}, {name: c, tolerance: 1},"
            + " {name: d, jsonSchema: '{\"unknown\": 1}'}], klTarget: 3, groupSize: 1}}";
    TaskDefinitions.read(Fields.of("", Documents.parse("run.yaml", Path.of(""), yaml), problems));
    assertThatThrownBy(problems::finish)
        .hasMessageContaining("expected what is rewarded: regex, numericAnswer, exact,")
        .hasMessageContaining("A tolerance is that of a number")
        .hasMessageContaining("/unknown is not supported")
        .hasMessageContaining("Name the reward")
        .hasMessageContaining("expected a regular expression")
        .hasMessageContaining("klTarget");
  }

  @Test
  void teacherServersSayWhatIsMissing() {
    Problems problems = new Problems();
    String yaml =
        "task: {distillation: {server: {address: 'ftp://host', model: a, key: b}, stored: c, top: 2}}";
    TaskDefinitions.read(Fields.of("", Documents.parse("run.yaml", Path.of(""), yaml), problems));
    assertThatThrownBy(problems::finish)
        .hasMessageContaining("http://localhost:8000/v1")
        .hasMessageContaining("key");
  }

  private static Fields fields(String yaml) {
    return Fields.of("", Documents.parse("run.yaml", Path.of(""), yaml), new Problems());
  }

  @ParameterizedTest
  @ValueSource(strings = {"epoch", "7", "30s", "10m", "2h", "90s", "1500ms"})
  void everyIntervalReadsBackAsItself(String interval) throws IOException {
    FineTuneSettings settings = settings(LEAST + "saveEvery: " + interval + "\n");
    assertThat(WrittenRuns.write(settings).keys().path("saveEvery").asText()).isEqualTo(interval);
  }

  @Test
  void dataOfOtherTasksIsCheckedWithoutTheEncodingOfNextTokens() throws IOException {
    Files.writeString(
        folder.resolve("rows.jsonl"),
        "{\"text\": \"Once upon a time.\", \"label\": \"start\"}\n".repeat(5)
            + "{\"text\": \"They were happy.\", \"label\": \"end\"}\n".repeat(5));
    assertThat(described(LEAST + "task: classification\n").checkData().rows()).isEqualTo(8);
  }
}
