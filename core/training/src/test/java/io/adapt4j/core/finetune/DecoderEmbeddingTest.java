package io.adapt4j.core.finetune;

import static io.adapt4j.core.Floats.dot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.EmbeddingOptions;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Decoders as embedding models: the vector of the last token, prompts, training. */
class DecoderEmbeddingTest {

  private static final List<Example> PAIRS =
      List.of(
          new Example.QueryPassage("Lily saw a cat", "The dog was big.", List.of()),
          new Example.QueryPassage("Tom had a ball", "She went home.", List.of()),
          new Example.QueryPassage("The sun is up", "They ate cake.", List.of()),
          new Example.QueryPassage("A bird can fly", "He felt sad.", List.of()));

  @TempDir private Path folder;

  private Path base() throws IOException {
    Path base = SmallModel.write(folder.resolve("base"));
    Files.createDirectories(base.resolve("1_Pooling"));
    Files.writeString(
        base.resolve("1_Pooling/config.json"),
        "{\"word_embedding_dimension\": 32, \"pooling_mode_mean_tokens\": false,"
            + " \"pooling_mode_lasttoken\": true}");
    Files.writeString(
        base.resolve("modules.json"),
        """
        [{"path": "", "type": "sentence_transformers.models.Transformer"},
         {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
         {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
        """);
    Files.writeString(
        base.resolve("config_sentence_transformers.json"),
        "{\"prompts\": {\"query\": \"Find: \", \"document\": \"\"}}");
    return base;
  }

  private static TextEmbedder load(Path folder) {
    return TextEmbedder.load(ModelSource.path(folder), Precision.FP32);
  }

  @Test
  void vectorsDependNeitherOnTheBatchNorOnTheOutputOverTheVocabulary() throws IOException {
    long before = Tensor.live();
    try (TextEmbedder embedder = load(base())) {
      List<String> texts = List.of("Lily saw a cat", "Once upon a time there was a big red ball.");
      List<float[]> together = embedder.embedAll(texts);
      assertThat(embedder.embed(texts.get(0))).containsExactly(together.get(0), within(1e-5f));
      assertThat(embedder.embed("Lily saw a cat", "query"))
          .containsExactly(embedder.embed("Find: Lily saw a cat"), within(1e-6f));
      assertThat(embedder.embed("Lily saw a cat", "document"))
          .containsExactly(together.get(0), within(1e-5f));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void cutVectorsAreTheFirstEntriesScaledToLengthOneAgain() throws IOException {
    Path base = base();
    EmbeddingOptions options =
        EmbeddingOptions.builder().precision(Precision.FP32).dimension(8).build();
    try (TextEmbedder whole = load(base);
        TextEmbedder cut = TextEmbedder.load(ModelSource.path(base), options)) {
      assertThat(cut.dimension()).isEqualTo(8);
      float[] first = whole.embed("Lily saw a cat");
      double length = 0;
      for (int i = 0; i < 8; i++) {
        length += first[i] * first[i];
      }
      float[] expected = new float[8];
      for (int i = 0; i < 8; i++) {
        expected[i] = (float) (first[i] / Math.sqrt(length));
      }
      assertThat(cut.embed("Lily saw a cat")).containsExactly(expected, within(1e-5f));
    }
    assertThatThrownBy(
            () ->
                TextEmbedder.load(
                    ModelSource.path(base), EmbeddingOptions.builder().dimension(33).build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 32");
  }

  @Test
  void trainingWritesTheBaseModelOfTheDecoder() throws IOException {
    Path base = base();
    FineTuneReport report =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .task(Task.embeddings().prompts("Find: ", ""))
            .dataset(new Split(Datasets.of(PAIRS), Datasets.of(PAIRS), Datasets.of(PAIRS).take(0)))
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .epochs(8)
            .batchSize(4)
            .learningRate(3e-3)
            .output(folder.resolve("run"))
            .build()
            .run();
    assertThat(ModelConfig.read(report.last()).architectures()).containsExactly("LlamaModel");
    try (Checkpoint written = Checkpoint.open(report.last())) {
      assertThat(written.names())
          .contains("embed_tokens.weight", "layers.0.self_attn.q_proj.weight", "norm.weight")
          .doesNotContain("lm_head.weight");
    }
    assertThat(report.last().resolve("modules.json"))
        .hasSameTextualContentAs(base.resolve("modules.json"));
    assertThat(right(report.last())).isEqualTo(PAIRS.size());
  }

  private static int right(Path folder) {
    try (TextEmbedder embedder = load(folder)) {
      int right = 0;
      List<Example.QueryPassage> pairs =
          PAIRS.stream().map(Example.QueryPassage.class::cast).toList();
      List<float[]> passages =
          embedder.embedAll(pairs.stream().map(Example.QueryPassage::passage).toList());
      for (int i = 0; i < pairs.size(); i++) {
        float[] query = embedder.embed(pairs.get(i).query(), "query");
        int best = 0;
        for (int j = 1; j < passages.size(); j++) {
          best = dot(query, passages.get(j)) > dot(query, passages.get(best)) ? j : best;
        }
        right += best == i ? 1 : 0;
      }
      return right;
    }
  }

  @Test
  void aModelWhoseTokensSeeThoseAfterThemDoesNotGenerateText() throws IOException {
    Path model = folder.resolve("gemma");
    Files.createDirectories(model);
    Files.writeString(
        model.resolve("config.json"),
        "{\"model_type\": \"gemma3_text\", \"architectures\": [\"Gemma3TextModel\"],"
            + " \"vocab_size\": 20, \"hidden_size\": 8, \"intermediate_size\": 8,"
            + " \"num_hidden_layers\": 1, \"num_attention_heads\": 2, \"num_key_value_heads\": 1,"
            + " \"head_dim\": 4, \"sliding_window\": 4, \"use_bidirectional_attention\": true}");
    assertThatThrownBy(() -> LanguageModel.load(ModelSource.path(model)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("TextEmbedder");
  }
}
