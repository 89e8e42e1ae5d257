package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.adapt4j.core.inspect.ModelCard;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.PickledTensors;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.adapter.AdapterFormat;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.QuantizedSource;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.rag.internal.onnx.OnnxGraph;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/** Readers of the files of a model. */
final class ModelFileTargets {

  private static final String LLAMA_CONFIG =
      """
      {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 32,
       "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1,
       "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 64,
       "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true}
      """;
  private static final String SAFETENSORS_HEADER =
      """
      {"__metadata__":{"format":"pt"},\
      "a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},\
      "b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]}}""";
  private static final String INDEX =
      """
      {"metadata": {"total_size": 10}, "weight_map": {"a": "model-1.safetensors"}}
      """;
  private static final String LORA_CONFIG =
      """
      {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"],
       "lora_dropout": 0.0, "bias": "none", "task_type": "CAUSAL_LM", "use_rslora": false,
       "rank_pattern": {"q_proj": 4}, "base_model_name_or_path": "base"}
      """;
  private static final String LATER_LORA_CONFIG =
      """
      {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": "all-linear",
       "target_parameters": ["mlp.experts.gate_up_proj"], "layer_replication": [[0, 2], [1, 3]],
       "layers_to_transform": [0, 1], "layers_pattern": "layers", "exclude_modules": ["lm_head"],
       "trainable_token_indices": {"embed_tokens": [1, 5]}, "alpha_pattern": {"^q": 3},
       "modules_to_save": ["score"], "use_dora": true, "lora_bias": true, "init_lora_weights":
       "pissa_niter_4", "eva_config": {"rho": 2.0}, "bias": "lora_only", "task_type": "SEQ_CLS",
       "peft_version": "0.20.0", "base_model_name_or_path": "base"}
      """;
  private static final String MISS_CONFIG =
      """
      {"peft_type": "MISS", "r": 4, "mini_r": 2, "init_weights": "bat", "bias": "none",
       "target_modules": ["q_proj"], "miss_dropout": 0.0, "base_model_name_or_path": "base"}
      """;
  private static final String OFT_CONFIG =
      """
      {"peft_type": "OFT", "r": 0, "oft_block_size": 4, "coft": false, "eps": 6e-05,
       "block_share": false, "use_cayley_neumann": true, "num_cayley_neumann_terms": 5,
       "peft_version": "0.20.0", "target_modules": ["q_proj"], "base_model_name_or_path": "base"}
      """;
  private static final String SHIRA_CONFIG =
      """
      {"peft_type": "SHIRA", "r": 4, "mask_type": "random", "random_seed": 3,
       "init_weights": true, "target_modules": ["q_proj"], "base_model_name_or_path": "base"}
      """;
  private static final String IA3_CONFIG =
      """
      {"peft_type": "IA3", "target_modules": ["k_proj", "down_proj"],
       "feedforward_modules": ["down_proj"], "base_model_name_or_path": "base"}
      """;
  private static final String PROVENANCE =
      """
      {"schema": 1, "configuration": {"model": "m"}, "files": [{"name": "a", "sha256": "b"}]}
      """;
  private static final String CARD =
      """
      ---
      license: apache-2.0
      base_model: some/model
      language: [en, de]
      datasets:
        - some/data
      ---
      # A model
      ## Use
      Text.
      """;

  private ModelFileTargets() {}

  static List<FuzzTarget> all() {
    return List.of(
        new FuzzTarget(
            "safetensors",
            () -> List.of(safetensors()),
            Scratch.file("model.safetensors", ModelFileTargets::readTensors)),
        new FuzzTarget(
            "safetensors-index",
            () -> List.of(INDEX.getBytes(UTF_8)),
            Scratch.file(
                Checkpoint.INDEX_FILE,
                Map.of(
                    "config.json",
                    LLAMA_CONFIG,
                    "model-1.safetensors",
                    new String(safetensors(), UTF_8)),
                file -> ModelInfo.read(file.getParent()))),
        new FuzzTarget(
            "config",
            ModelFileTargets::configs,
            Scratch.text(
                json -> Architectures.declare(ModelConfig.parse(Path.of("config.json"), json)))),
        new FuzzTarget(
            "inspect",
            ModelFileTargets::configs,
            Scratch.file(
                "config.json",
                file -> Objects.requireNonNull(ModelInfo.read(file.getParent()).toString()))),
        new FuzzTarget(
            "tokenizer",
            () -> List.of(Stored.example("models/stories260K/tokenizer.json")),
            Scratch.file(
                "tokenizer.json",
                Map.of("config.json", LLAMA_CONFIG),
                file -> {
                  try (Tokenizer tokenizer = Tokenizer.load(file.getParent())) {
                    tokenizer.decode(tokenizer.encode("Once upon a time", true), false);
                  }
                })),
        new FuzzTarget(
            "tokenizer-config",
            () -> List.of(Stored.example("models/stories260K/tokenizer_config.json")),
            Scratch.file(
                "tokenizer_config.json",
                Map.of(
                    "config.json",
                    LLAMA_CONFIG,
                    "tokenizer.json",
                    new String(Stored.example("models/stories260K/tokenizer.json"), UTF_8)),
                file -> {
                  try (Tokenizer tokenizer = Tokenizer.load(file.getParent())) {
                    tokenizer.encode("Once upon a time", true);
                  }
                })),
        new FuzzTarget(
            "adapter-config",
            () ->
                Stream.of(
                        LORA_CONFIG,
                        LATER_LORA_CONFIG,
                        IA3_CONFIG,
                        MISS_CONFIG,
                        OFT_CONFIG,
                        SHIRA_CONFIG)
                    .map(json -> json.getBytes(UTF_8))
                    .toList(),
            Scratch.file(
                "adapter_config.json",
                file -> {
                  for (AdapterFormat format : ServiceLoader.load(AdapterFormat.class)) {
                    format.find(file.getParent());
                  }
                })),
        new FuzzTarget(
            "gguf", () -> List.of(gguf()), Scratch.file("model.gguf", ModelFileTargets::readGguf)),
        new FuzzTarget(
            "pickled",
            () -> List.of(Stored.seed("pickled.bin")),
            Scratch.file("pytorch_model.bin", PickledTensors::read)),
        new FuzzTarget(
            "onnx",
            () -> List.of(Stored.seed("model.onnx")),
            bytes -> OnnxGraph.parse(ByteBuffer.wrap(bytes))),
        new FuzzTarget(
            "model-card",
            () -> List.of(CARD.getBytes(UTF_8)),
            Scratch.text(text -> ModelCard.parse(Path.of("README.md"), text))),
        new FuzzTarget(
            "provenance",
            () -> List.of(PROVENANCE.getBytes(UTF_8)),
            Scratch.file("provenance.json", Provenance::read)),
        new FuzzTarget(
            "state",
            () -> List.of("{\"a\": 1}".getBytes(UTF_8)),
            Scratch.file("state.json", file -> CheckedJson.read(file))));
  }

  private static void readTensors(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      for (TensorEntry entry : file.entries().values()) {
        // A file is small here, so that a tensor in it is.
        file.read(entry.name(), 0, ByteBuffer.allocateDirect(Math.toIntExact(entry.length())));
      }
      file.isIntact();
    }
  }

  private static void readGguf(Path path) {
    try (GgufFile file = GgufFile.open(path)) {
      GgufMetadata metadata = file.metadata();
      metadata.keys().forEach(metadata::type);
      for (GgufTensor tensor : file.tensors().values()) {
        int some = (int) Math.min(tensor.bytes(), 1 << 16);
        file.read(tensor, 0, ByteBuffer.allocate(some));
      }
    }
  }

  private static byte[] safetensors() {
    byte[] header = SAFETENSORS_HEADER.getBytes(UTF_8);
    return ByteBuffer.allocate(Long.BYTES + header.length + 10)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .array();
  }

  private static byte[] gguf() {
    GgufMetadata metadata =
        GgufMetadata.builder()
            .string("general.architecture", "llama")
            .strings("tokenizer.ggml.tokens", List.of("a", "b"))
            .build();
    try {
      Path file = Files.createTempFile("seed", ".gguf");
      try {
        GgufWriter.write(
            file,
            metadata,
            List.of(
                QuantizedSource.of(
                    "token_embd.weight",
                    List.of(32L, 2L),
                    TensorType.Q8_0,
                    (first, target, count) -> {})));
        return Files.readAllBytes(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<byte[]> configs() {
    return Stream.of(LLAMA_CONFIG).map(json -> json.getBytes(UTF_8)).toList();
  }
}
