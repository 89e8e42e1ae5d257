package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.TextReranker;
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

/** A language model tuned as a reranker with LoRA: names, merging, and what is written. */
class LoraRerankingTest {

  private static final Path TOKENIZER = Path.of("..", "core", "fixtures", "stories260K");

  @TempDir private Path folder;

  /** The tokenizer is one of stories: bytes that no text has make way for yes and no. */
  private Path base() throws IOException {
    Path files = Files.createDirectories(folder.resolve("tokenizer"));
    Files.writeString(
        files.resolve("tokenizer.json"),
        Files.readString(TOKENIZER.resolve("tokenizer.json"))
            .replace("\"<0x01>\"", "\"yes\"")
            .replace("\"<0x02>\"", "\"no\""));
    Path base = Files.createDirectories(folder.resolve("base"));
    Files.writeString(
        base.resolve("config.json"),
        """
        {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "dtype": "float32",
         "vocab_size": 512, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "hidden_act": "silu",
         "max_position_embeddings": 512, "tie_word_embeddings": true, "eos_token_id": 2}
        """);
    ModelConfig config = ModelConfig.read(base);
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(DType.F32);
      Weights.randomize(decoder, 7);
      CheckpointFolder.write(base, files, config, Weights.tensors(decoder, StoredType.F32));
    }
    return base;
  }

  @Test
  void theAdapterIsOneOfALanguageModelAndMergesIntoIt() throws IOException {
    Path base = base();
    Dataset rows =
        Datasets.of(
            List.of(
                new Example.QueryPassage("a cat", "The cat sat.", List.of("A dog ran.")),
                new Example.QueryPassage("a dog", "The dog sat.", List.of("A cat ran."))));
    FineTuneReport report =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .task(Task.reranking())
            .dataset(new Split(rows, rows.take(0), rows.take(0)))
            .method(Lora.rank(4).alpha(8))
            .precision(Precision.FP32)
            .epochs(3)
            .batchSize(4)
            .learningRate(5e-3)
            .output(folder.resolve("run"))
            .build()
            .run();
    assertThat(report.last().resolve("adapter_config.json")).content().contains("CAUSAL_LM");
    try (Checkpoint adapter =
        Checkpoint.openFile(report.last().resolve("adapter_model.safetensors"))) {
      assertThat(adapter.names())
          .contains("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
    }
    LoraAdapter adapter = LoraAdapter.at(report.last());
    Path merged = folder.resolve("merged");
    adapter.writeMerged(base, merged);
    List<String> documents = List.of("The cat sat.", "A dog ran.");
    ModelSource source = ModelSource.path(base);
    try (TextReranker plain = TextReranker.load(source, Precision.FP32);
        TextReranker adapted = TextReranker.load(source, Precision.FP32, adapter);
        TextReranker whole = TextReranker.load(ModelSource.path(merged), Precision.FP32)) {
      double[] scores = adapted.scores("a cat", documents);
      assertThat(scores).isNotEqualTo(plain.scores("a cat", documents));
      assertThat(whole.scores("a cat", documents)).containsExactly(scores, within(1e-5));
    }
  }
}
