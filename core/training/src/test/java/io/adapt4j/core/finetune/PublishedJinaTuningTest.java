package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallJina;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training of jina-embeddings-v3 as it is published: its weights without adapters of tasks. */
class PublishedJinaTuningTest {

  @TempDir private Path folder;
  private Path base;

  @BeforeEach
  void write() throws IOException {
    base = SmallJina.write(folder.resolve("base"));
  }

  @Test
  void theTrainedModelIsSavedInTransformersForm() throws IOException {
    Path trained = tuner(1e-9).build().run().last();
    assertThat(ModelConfig.read(trained).modelType()).isEqualTo("jina_embeddings_v3");
    String config = Files.readString(trained.resolve("config.json"));
    assertThat(config).doesNotContain("lora", "auto_map", "task_instructions");
    assertThat(
            Json.parse(Files.readString(trained.resolve("modules.json"))).findValuesAsText("type"))
        .containsExactly(
            "sentence_transformers.models.Transformer",
            "sentence_transformers.models.Pooling",
            "sentence_transformers.models.Normalize");
    try (Checkpoint stored = Checkpoint.open(trained);
        Checkpoint before = Checkpoint.open(base);
        TextEmbedder one = TextEmbedder.load(ModelSource.path(trained), Precision.FP32);
        TextEmbedder other = TextEmbedder.load(ModelSource.path(base), Precision.FP32)) {
      assertThat(stored.names())
          .contains("encoder.layers.1.mixer.Wqkv.weight")
          .noneMatch(name -> name.contains("parametrizations") || name.startsWith("roberta."));
      assertThat(stored.bytes("pooler.dense.weight"))
          .isEqualTo(before.bytes("roberta.pooler.dense.weight"));
      assertThat(one.embed("a red cat")).containsExactly(other.embed("a red cat"), within(1e-5f));
      assertThat(one.prompts()).isEqualTo(other.prompts());
    }
  }

  @Test
  void itLearns() throws IOException {
    FineTuneReport report = tuner(3e-3).epochs(10).build().run();
    assertThat(report.lastValidationLoss().orElseThrow())
        .isLessThan(0.7 * report.initialValidationLoss().orElseThrow());
  }

  @Test
  void thePlanCountsNoMatricesOfTasks() {
    long parameters = tuner(1e-3).build().plan().trainableParameters();
    // Embeddings, their norm, and two layers; the pooling layer is not trained.
    assertThat(parameters)
        .isEqualTo((40 + 2) * 16 + 2 * 16 + 2 * (4 * 16 * 17 + 16 * 24 * 2 + 24 + 16 + 4 * 16));
  }

  private FineTuner.Builder tuner(double rate) {
    Dataset rows =
        Datasets.of(
            Collections.nCopies(
                    4,
                    List.<Example>of(
                        new Example.QueryPassage("red", "a red cat sat"),
                        new Example.QueryPassage("blue", "the blue cat ran"),
                        new Example.QueryPassage("dog", "the dog sat"),
                        new Example.QueryPassage("document", "a document : query")))
                .stream()
                .flatMap(List::stream)
                .toList());
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(Task.embeddings())
        .dataset(new Split(rows, rows.take(4), rows.take(0)))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(1)
        .learningRate(rate)
        .batchSize(4)
        .output(folder.resolve("run"));
  }
}
