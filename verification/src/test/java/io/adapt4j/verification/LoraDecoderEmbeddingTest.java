package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A decoder tuned as an embedding model with LoRA: names, merging, and what is written. */
class LoraDecoderEmbeddingTest {

  private static final Path TOKENIZER = Path.of("..", "core", "fixtures", "stories260K");

  @TempDir private Path folder;

  private Path base() throws IOException {
    Path base = Files.createDirectories(folder.resolve("base"));
    Files.writeString(
        base.resolve("config.json"),
        """
        {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "dtype": "float32",
         "vocab_size": 512, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "hidden_act": "silu",
         "max_position_embeddings": 64, "tie_word_embeddings": true, "eos_token_id": 2}
        """);
    ModelConfig config = ModelConfig.read(base);
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(DType.F32);
      Weights.randomize(decoder, 7);
      CheckpointFolder.write(base, TOKENIZER, config, Weights.tensors(decoder, StoredType.F32));
    }
    Files.createDirectories(base.resolve("1_Pooling"));
    Files.writeString(
        base.resolve("1_Pooling/config.json"),
        "{\"word_embedding_dimension\": 32, \"pooling_mode_mean_tokens\": false,"
            + " \"pooling_mode_lasttoken\": true}");
    Files.writeString(
        base.resolve("modules.json"),
        """
        [{"path": "", "type": "sentence_transformers.models.Transformer"},
         {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
        """);
    return base;
  }

  @Test
  void theAdapterHasTheNamesOfTheBaseModelAndMergesIntoIt() throws IOException {
    Path base = base();
    Dataset pairs =
        Datasets.of(
            List.of(
                new Example.QueryPassage("Lily saw a cat", "The dog was big.", List.of()),
                new Example.QueryPassage("Tom had a ball", "She went home.", List.of())));
    FineTuneReport report =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .task(Task.embeddings())
            .dataset(new Split(pairs, pairs.take(0), pairs.take(0)))
            .method(Lora.rank(4).alpha(8))
            .precision(Precision.FP32)
            .epochs(6)
            .batchSize(2)
            .learningRate(5e-3)
            .output(folder.resolve("run"))
            .build()
            .run();
    assertThat(report.last().resolve("adapter_config.json"))
        .content()
        .contains("FEATURE_EXTRACTION");
    try (Checkpoint adapter =
        Checkpoint.openFile(report.last().resolve("adapter_model.safetensors"))) {
      assertThat(adapter.names())
          .contains("base_model.model.layers.0.self_attn.q_proj.lora_A.weight");
    }
    LoraAdapter adapter = LoraAdapter.at(report.last());
    Path merged = folder.resolve("merged");
    adapter.writeMerged(base, merged);
    assertThat(ModelConfig.read(merged).architectures()).containsExactly("Qwen3Model");
    ModelSource source = ModelSource.path(base);
    try (TextEmbedder plain = TextEmbedder.load(source, Precision.FP32);
        TextEmbedder adapted = TextEmbedder.load(source, Precision.FP32, adapter);
        TextEmbedder whole = TextEmbedder.load(ModelSource.path(merged), Precision.FP32)) {
      assertThat(adapted.embed("a cat")).isNotEqualTo(plain.embed("a cat"));
      assertThat(whole.embed("a cat")).containsExactly(adapted.embed("a cat"), within(1e-4f));
    }
  }
}
