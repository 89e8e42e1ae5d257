package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.train.TrainingWarning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers to validation rows while a model trains. */
class AnswerSamplesTest {

  @TempDir private Path folder;
  private Path base;

  @BeforeEach
  void writeModel() throws IOException {
    base = SmallModel.write(folder.resolve("base"));
  }

  @Test
  void aModelThatNeverEndsAnAnswerIsWarnedOfAndItsAnswersCanBeRead() throws IOException {
    FineTuneReport report = tuner().learningRate(1e-9).maxSteps(1).build().run();
    assertThat(report.warnings())
        .extracting(TrainingWarning::kind)
        .contains(TrainingWarning.Kind.ANSWERS_NEVER_END);
    Path file = folder.resolve("run/samples.jsonl");
    assertThat(report.text())
        .contains("None of 3 sampled answers ended within")
        .contains("samples         " + file);
    List<JsonNode> lines = lines(file);
    assertThat(lines)
        .extracting(line -> line.get("step").asInt())
        .containsExactly(0, 0, 0, 1, 1, 1);
    assertThat(lines.get(0).get("prompt").asText()).contains("Lily saw a");
    assertThat(lines.get(0).get("expected").asText()).contains("ball");
    assertThat(lines.get(0).get("ended").asBoolean()).isFalse();
  }

  @Test
  void aModelThatHasLearnedToEndIsNot() throws IOException {
    FineTuneReport report = tuner().learningRate(1e-2).epochs(12).build().run();
    assertThat(report.warnings())
        .extracting(TrainingWarning::kind)
        .doesNotContain(TrainingWarning.Kind.ANSWERS_NEVER_END);
    List<JsonNode> lines = lines(folder.resolve("run/samples.jsonl"));
    assertThat(lines.get(lines.size() - 1).get("ended").asBoolean()).isTrue();
    assertThat(lines.get(lines.size() - 1).get("answer").asText().strip())
        .isEqualTo(lines.get(lines.size() - 1).get("expected").asText().strip());
  }

  @Test
  void samplesChangeNothingOfTheTraining() throws IOException {
    Path with = tuner().epochs(2).build().run().last();
    byte[] expected = Files.readAllBytes(with.resolve("model.safetensors"));
    Path without = tuner().epochs(2).evaluationSamples(0).overwriteOutput().build().run().last();
    assertThat(Files.readAllBytes(without.resolve("model.safetensors"))).isEqualTo(expected);
  }

  @Test
  void noneAreTakenWhereNoneAreWantedOrRowsHaveNoPrompt() throws IOException {
    tuner().maxSteps(1).evaluationSamples(0).build().run();
    assertThat(folder.resolve("run/samples.jsonl")).doesNotExist();
    Dataset texts = SmallModel.sentences(8);
    tuner()
        .maxSteps(1)
        .dataset(new Split(texts, texts, texts.take(0)))
        .overwriteOutput()
        .build()
        .run();
    assertThat(folder.resolve("run/samples.jsonl")).doesNotExist();
  }

  private FineTuner.Builder tuner() {
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      boolean big = i % 2 == 0;
      rows.add(
          new Example.PromptCompletion(
              "Lily saw a " + (big ? "big" : "red"), big ? " ball." : " tree."));
    }
    Dataset all = Datasets.of(rows);
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(new Split(all, all.take(4), all.take(0)))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .output(folder.resolve("run"));
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      lines.add(Json.parse(line));
    }
    return lines;
  }
}
