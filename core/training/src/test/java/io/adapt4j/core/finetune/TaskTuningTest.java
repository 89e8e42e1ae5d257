package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Classification;
import io.adapt4j.core.MaskedLanguageModel;
import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.TokenClassifier;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.MaskedLmTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.RunRecorder;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole fine-tunings for tasks other than next tokens, from the builder to the saved folder. */
class TaskTuningTest {

  private static final List<String> ANIMALS = List.of("cat", "dog");
  private static final List<String> COLORS = List.of("red", "blue");

  @TempDir private Path folder;

  private final RunRecorder events = new RunRecorder();

  @Test
  void anEncoderLearnsClassesAndIsSavedAsTheClassOfTransformers() throws IOException {
    long before = Tensor.live();
    Path base = SmallEncoder.write(folder.resolve("base"));
    Split data = split(TaskTuningTest::byAnimal);
    FineTuneReport report =
        tuner(base, Task.classification(), data, 3e-3)
            .keepBest()
            .metricForBestModel("accuracy")
            .build()
            .run();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(events.steps.get(events.steps.size() - 1).loss())
        .isLessThan(0.3 * events.steps.get(0).loss());
    assertThat(report.bestMetrics().keySet()).containsExactly("accuracy", "macro_f1");
    assertThat(report.bestMetrics().get("accuracy")).isGreaterThanOrEqualTo(0.9);

    JsonNode config = config(report.best());
    assertThat(config.get("architectures").get(0).asText())
        .isEqualTo("BertForSequenceClassification");
    assertThat(config.get("problem_type").asText()).isEqualTo("single_label_classification");
    assertThat(config.get("id2label").toString()).isEqualTo("{\"0\":\"cat\",\"1\":\"dog\"}");
    assertThat(config.get("label2id").toString()).isEqualTo("{\"cat\":0,\"dog\":1}");
    assertThat(tensors(report.best()))
        .contains(
            "bert.embeddings.word_embeddings.weight",
            "bert.encoder.layer.1.attention.self.query.weight",
            "bert.pooler.dense.weight",
            "bert.pooler.dense.bias",
            "classifier.weight",
            "classifier.bias");
    assertThat(accuracy(report.best(), data.validation()))
        .isCloseTo(report.bestMetrics().get("accuracy"), within(1e-9));
  }

  @Test
  void theEvaluationReportHasTheConfusionOfTheBestCheckpoint() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    FineTuneReport report =
        tuner(base, Task.classification(), split(TaskTuningTest::byAnimal), 3e-3)
            .keepBest()
            .build()
            .run();
    Path output = folder.resolve("run");
    assertThat(Files.readString(output.resolve("evaluation.txt")))
        .contains("accuracy ", "precision", "Most frequent mistakes");
    JsonNode json = Json.parse(Files.readString(output.resolve("evaluation.json")));
    assertThat(json.get("metrics").get("accuracy").asDouble())
        .isEqualTo(report.bestMetrics().get("accuracy"));
    long counted = 0;
    for (JsonNode row : json.get("matrix")) {
      for (JsonNode cell : row) {
        counted += cell.asLong();
      }
    }
    assertThat(counted).isEqualTo(report.plan().validationExamples());
    assertThat(report.text()).contains("best metrics    accuracy ").doesNotContain("perplexity");
  }

  @Test
  void aDecoderLearnsClassesByTheLastTokenOfEachText() throws IOException {
    Path base = SmallModel.write(folder.resolve("base"));
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 48; i++) {
      boolean big = i % 2 == 0;
      String text = "Lily saw a " + (big ? "big" : "red") + " ball" + " and ran".repeat(i % 4);
      rows.add(new Example.Classified(text, big ? "size" : "colour"));
    }
    Dataset data = Datasets.of(rows);
    Split split = new Split(data, data.take(16), data.take(0));
    FineTuneReport report =
        tuner(base, Task.classification(), split, 5e-3).epochs(8).keepBest().build().run();
    assertThat(report.bestMetrics().get("accuracy")).isEqualTo(1);
    JsonNode config = config(report.best());
    assertThat(config.get("architectures").get(0).asText())
        .isEqualTo("LlamaForSequenceClassification");
    assertThat(config.get("pad_token_id").isInt()).isTrue();
    assertThat(tensors(report.best()))
        .contains("score.weight", "model.embed_tokens.weight", "model.norm.weight")
        .doesNotContain("lm_head.weight", "score.bias");
    assertThat(accuracy(report.best(), data)).isGreaterThan(0.95);
  }

  @Test
  void severalLabelsATextAreLearnedTogether() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
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
    FineTuneReport report =
        tuner(base, Task.multiLabel(), data, 3e-3)
            .modelDropout(false)
            .metricForBestModel("micro_f1")
            .keepBest()
            .build()
            .run();
    assertThat(report.bestMetrics().get("micro_f1")).isGreaterThan(0.9);
    assertThat(config(report.best()).get("problem_type").asText())
        .isEqualTo("multi_label_classification");
    try (TextClassifier classifier = TextClassifier.load(ModelSource.path(report.best()))) {
      Classification found = classifier.classify("the red cat sat");
      assertThat(found.score("cat")).isGreaterThan(0.5);
      assertThat(found.score("red")).isGreaterThan(0.5);
      assertThat(classifier.classify("the blue dog sat").score("cat")).isLessThan(0.5);
    }
  }

  @Test
  void aNumberIsLearned() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Split data =
        split(
            i ->
                new Example.Classified(
                    text(i), i % 2 == 0 ? (i / 2 % 2 == 0 ? "2.0" : "1.0") : "-1.5"));
    FineTuneReport report =
        tuner(base, Task.regression(), data, 3e-3)
            .metricForBestModel("mse")
            .keepBest()
            .build()
            .run();
    assertThat(report.bestMetrics().keySet()).containsExactly("mse", "pearson", "spearman");
    assertThat(report.bestMetrics().get("mse"))
        .isLessThan(0.3)
        .isCloseTo(report.bestValidationLoss().orElseThrow(), within(1e-5));
    assertThat(config(report.best()).get("problem_type").asText()).isEqualTo("regression");
    try (TextClassifier classifier = TextClassifier.load(ModelSource.path(report.best()))) {
      assertThat(classifier.classify("the red cat sat").score())
          .isGreaterThan(classifier.classify("the blue dog sat").score() + 1);
    }
  }

  @Test
  void theClassesOfWordsAreLearned() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Split data =
        split(
            i ->
                new Example.Tagged(
                    List.of(text(i).split(" ", -1)),
                    List.of("O", i / 2 % 2 == 0 ? "B-COL" : "O", "B-ANI", "O")));
    FineTuneReport report =
        tuner(base, Task.tokenClassification(), data, 3e-3)
            .metricForBestModel("entity_f1")
            .keepBest()
            .build()
            .run();
    assertThat(report.bestMetrics().get("entity_f1")).isGreaterThan(0.9);
    assertThat(config(report.best()).get("architectures").get(0).asText())
        .isEqualTo("BertForTokenClassification");
    assertThat(tensors(report.best()))
        .contains("classifier.weight", "classifier.bias")
        .noneMatch(name -> name.contains("pooler"));
    try (TokenClassifier classifier = TokenClassifier.load(ModelSource.path(report.best()))) {
      assertThat(classifier.tagWords(List.of("the", "red", "cat", "sat")))
          .extracting(wordLabel -> wordLabel.label().orElseThrow())
          .containsExactly("O", "B-COL", "B-ANI", "O");
      assertThat(classifier.entities("the red cat sat"))
          .extracting(TokenClassifier.Entity::type, TokenClassifier.Entity::text)
          .containsExactly(tuple("COL", "red"), tuple("ANI", "cat"));
    }
  }

  @Test
  void maskedTokensAreLearnedAndASecondRunGivesTheSame() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Split data = split(i -> new Example.Text(text(i)));
    FineTuneReport report =
        tuner(base, Task.maskedTokens(0.3), data, 3e-3).keepBest().build().run();
    assertThat(report.bestValidationLoss().orElseThrow())
        .isLessThan(0.6 * report.initialValidationLoss().orElseThrow());
    assertThat(config(report.best()).get("architectures").get(0).asText())
        .isEqualTo("BertForMaskedLM");
    try (MaskedLanguageModel model =
        MaskedLanguageModel.load(ModelSource.path(report.best()), Precision.FP32)) {
      assertThat(model.fill("[MASK] red cat sat", 1).get(0).candidates().get(0).text())
          .isEqualTo("the");
    }
    double first = events.steps.get(0).loss();
    events.steps.clear();
    tuner(base, Task.maskedTokens(0.3), data, 3e-3).overwriteOutput().maxSteps(1).build().run();
    assertThat(events.steps.get(0).loss()).isEqualTo(first);
  }

  @Test
  void aRunThatWasStoppedGoesOnToTheBit() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Split data = split(i -> new Example.Text(text(i)));
    for (Task task : List.of(Task.maskedTokens(), Task.classification())) {
      Split own = task instanceof MaskedLmTask ? data : split(TaskTuningTest::byAnimal);
      Path whole = folder.resolve("whole-" + task.getClass().getSimpleName());
      Path cut = folder.resolve("cut-" + task.getClass().getSimpleName());
      Path expected = tuner(base, task, own, 1e-3).output(whole).epochs(3).build().run().last();
      FineTuner[] running = new FineTuner[1];
      running[0] =
          tuner(base, task, own, 1e-3)
              .output(cut)
              .epochs(3)
              .listener(
                  new TrainingListener() {
                    @Override
                    public void step(StepEvent event) {
                      if (event.step() == 9) {
                        running[0].stop();
                      }
                    }
                  })
              .build();
      running[0].run();
      Path found = tuner(base, task, own, 1e-3).output(cut).epochs(3).resume().build().run().last();
      assertThat(found.resolve("model.safetensors"))
          .hasSameBinaryContentAs(expected.resolve("model.safetensors"));
    }
  }

  @Test
  void aRowOfWeightTwoCountsAsIfItStoodThereTwice() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    Dataset rows = split(TaskTuningTest::byAnimal).train().take(8);
    Dataset twice = rows.subset(0, 0, 1, 2, 3, 4, 5, 6, 7);
    Dataset weighted = rows.weighted(2, 1, 1, 1, 1, 1, 1, 1);
    for (Dataset data : List.of(twice, weighted)) {
      tuner(base, Task.classification(), new Split(data, rows.take(0), rows.take(0)), 1e-3)
          .batchSize(9)
          .modelDropout(false)
          .maxSteps(1)
          .overwriteOutput()
          .build()
          .run();
    }
    assertThat(events.steps.get(1).loss()).isCloseTo(events.steps.get(0).loss(), within(1e-5));
    assertThat(events.steps.get(1).gradientNorm())
        .isCloseTo(events.steps.get(0).gradientNorm(), within(1e-4));
  }

  @Test
  void aClassifierOfTheSameClassesGoesOnAndOneOfOthersIsRefusedOrReplaced() throws IOException {
    Path base =
        SmallEncoder.write(
            folder.resolve("base"),
            "BertForSequenceClassification",
            ", \"id2label\": {\"0\": \"dog\", \"1\": \"cat\", \"2\": \"bird\"}");
    FineTuneReport same =
        tuner(base, Task.classification(), split(TaskTuningTest::byAnimal), 1e-3)
            .maxSteps(1)
            .build()
            .run();
    assertThat(config(same.last()).get("id2label").toString())
        .isEqualTo("{\"0\":\"dog\",\"1\":\"cat\",\"2\":\"bird\"}");

    Split colours = split(i -> new Example.Classified(text(i), COLORS.get(i / 2 % 2)));
    assertThatThrownBy(
            () -> tuner(base, Task.classification(), colours, 1e-3).overwriteOutput().build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("[dog, cat, bird]")
        .hasMessageContaining("[blue, red]")
        .hasMessageContaining("replaceClassifier()");
    FineTuneReport other =
        tuner(base, Task.classification().replaceClassifier().labels("red", "blue"), colours, 1e-3)
            .overwriteOutput()
            .maxSteps(1)
            .build()
            .run();
    assertThat(config(other.last()).get("id2label").toString())
        .isEqualTo("{\"0\":\"red\",\"1\":\"blue\"}");
  }

  @Test
  void whatDoesNotFitTheTaskIsSaidBeforeARun() throws IOException {
    Path encoder = SmallEncoder.write(folder.resolve("encoder"));
    Path decoder = SmallModel.write(folder.resolve("decoder"));
    Split data = split(TaskTuningTest::byAnimal);
    assertThatThrownBy(() -> tuner(encoder, Task.nextTokens(), data, 1e-3).build())
        .hasMessageContaining("a model that continues text");
    Path masked = SmallEncoder.write(folder.resolve("masked"), "BertForMaskedLM", "");
    assertThatThrownBy(() -> tuner(masked, Task.nextTokens(), data, 1e-3).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("a model that continues text");
    assertThatThrownBy(
            () ->
                FineTuner.builder()
                    .model(ModelSource.path(encoder))
                    .task(Task.multiLabel())
                    .build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("no dataset")
        .hasMessageContaining("no labels");
    assertThatThrownBy(() -> tuner(encoder, Task.regression().labels("a"), data, 1e-3).build())
        .hasMessageContaining("labels: expected none for a regression, found [a]");
    assertThatThrownBy(() -> tuner(decoder, Task.maskedTokens(), data, 1e-3).build())
        .hasMessageContaining("ForMaskedLM");
    assertThatThrownBy(
            () ->
                tuner(encoder, Task.classification(), data, 1e-3)
                    .metricForBestModel("entity_f1")
                    .build())
        .hasMessageContaining("metricForBestModel: expected one of [loss, accuracy, macro_f1]");
    FineTuner texts = tuner(encoder, Task.maskedTokens(), data, 1e-3).build();
    refuses(SettingsException.class, texts::run, "row 0: expected a plain text");
  }

  private FineTuner.Builder tuner(Path base, Task task, Split data, double rate) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(task)
        .dataset(data)
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(6)
        .learningRate(rate)
        .batchSize(8)
        .listener(events)
        .output(folder.resolve("run"));
  }

  /** Sixty-four rows to train on and sixteen others to validate with. */
  private static Split split(IntFunction<Example> row) {
    Dataset all = Datasets.of(IntStream.range(0, 80).mapToObj(row).toList());
    int[] first = IntStream.range(0, 64).toArray();
    int[] rest = IntStream.range(64, 80).toArray();
    return new Split(all.subset(first), all.subset(rest), all.take(0));
  }

  private static Example byAnimal(int i) {
    return new Example.Classified(text(i), ANIMALS.get(i % 2));
  }

  private static String text(int i) {
    return "the "
        + COLORS.get(i / 2 % 2)
        + " "
        + ANIMALS.get(i % 2)
        + (i / 4 % 2 == 0 ? " sat" : " ran");
  }

  private static double accuracy(Path model, Dataset rows) {
    try (TextClassifier classifier = TextClassifier.load(ModelSource.path(model), Precision.FP32)) {
      long right =
          IntStream.range(0, rows.size())
              .mapToObj(i -> (Example.Classified) rows.get(i))
              .filter(
                  classified ->
                      classifier
                          .classify(classified.text())
                          .label()
                          .equals(classified.labels().get(0)))
              .count();
      return (double) right / rows.size();
    }
  }

  private static JsonNode config(Path model) throws IOException {
    return Json.parse(Files.readString(model.resolve(ModelConfig.FILE)));
  }

  private static List<String> tensors(Path model) {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      return List.copyOf(checkpoint.names());
    }
  }
}
