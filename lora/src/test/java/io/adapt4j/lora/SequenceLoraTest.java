package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.SequenceOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters of encoder-decoders, from the builder to the merged folder. */
class SequenceLoraTest {

  private static final Path TOKENIZER = Path.of("../examples/models/stories260K");
  private static final String CONFIG =
      """
      {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "dtype": "float32",
       "vocab_size": 512, "d_model": 24, "d_ff": 32, "d_kv": 6, "num_heads": 4, "num_layers": 2,
       "num_decoder_layers": 1, "relative_attention_num_buckets": 8, "dropout_rate": 0.0,
       "is_encoder_decoder": true, "pad_token_id": 0, "eos_token_id": 2,
       "decoder_start_token_id": 0}
      """;
  private static final List<int[]> SOURCES =
      List.of(new int[] {2, 12, 6, 8, 3}, new int[] {2, 7, 3});

  @TempDir private Path folder;

  @Test
  void anAdapterIsSavedAsPeftHasItAndMerges() throws IOException {
    long before = Tensor.live();
    Path base = write(folder.resolve("base"));
    Path adapter =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .task(Task.sequenceToSequence())
            .dataset(Datasets.of(IntStream.range(0, 16).mapToObj(SequenceLoraTest::row).toList()))
            .method(Lora.rank(4).targets(Targets.names("q", "v")))
            .precision(Precision.FP32)
            .epochs(8)
            .learningRate(3e-2)
            .batchSize(8)
            .output(folder.resolve("run"))
            .build()
            .run()
            .last();
    assertThat(
            Json.parse(Files.readString(adapter.resolve("adapter_config.json"))).get("task_type"))
        .hasToString("\"SEQ_2_SEQ_LM\"");
    try (Checkpoint saved = Checkpoint.openFile(adapter.resolve("adapter_model.safetensors"))) {
      assertThat(saved.names())
          .contains(
              "base_model.model.encoder.block.1.layer.0.SelfAttention.q.lora_A.weight",
              "base_model.model.decoder.block.0.layer.1.EncDecAttention.v.lora_B.weight")
          .hasSize(2 * 2 * 4);
    }
    Path merged = folder.resolve("merged");
    LoraAdapter.at(adapter).writeMerged(base, merged);
    List<int[]> plain = written(base);
    List<int[]> adapted = written(base, LoraAdapter.at(adapter));
    assertThat(adapted.get(0)).isNotEqualTo(plain.get(0));
    assertThat(written(merged)).usingRecursiveComparison().isEqualTo(adapted);
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(ModelConfig.FILE), CONFIG);
    ModelConfig config = ModelConfig.read(folder);
    try (Network network = Architectures.declare(config)) {
      network.allocate(DType.F32);
      Weights.randomize(network, 3);
      CheckpointFolder.write(folder, TOKENIZER, config, Weights.tensors(network, StoredType.F32));
    }
    return folder;
  }

  private static List<int[]> written(Path model, LoraAdapter... adapters) {
    try (SequenceToSequenceModel loaded =
        SequenceToSequenceModel.load(ModelSource.path(model), Precision.FP32, adapters)) {
      return loaded.generateIds(
          SOURCES, SequenceOptions.builder().maxNewTokens(6).ignoreEos(true).build());
    }
  }

  private static Example row(int i) {
    return new Example.PromptCompletion(
        "the " + (i % 2 == 0 ? "cat" : "dog") + " sat", "a " + (i % 2 == 0 ? "dog" : "cat"));
  }
}
