package io.adapt4j.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.Architectures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Small models of every family with random weights, wide enough for blocks of 256. */
final class RandomModels {

  private static final String COMMON =
      """
      "hidden_size": 256, "intermediate_size": 256, "num_attention_heads": 4,
      "num_key_value_heads": 2, "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
      """;

  /** What else the configuration of each family says, and whose tokenizer it gets. */
  private static final Map<String, String[]> FAMILIES = new LinkedHashMap<>();

  static {
    add(
        "llama",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 9, \"attention_bias\": true, \"mlp_bias\": true");
    add(
        "llama3",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 32}");
    add(
        "llama_yarn",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 32}");
    add(
        "llama_linear",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2.0}");
    add(
        "mistral",
        "llama_k",
        "\"model_type\": \"mistral\", \"num_hidden_layers\": 2, \"head_dim\": 32, \"sliding_window\": null");
    add(
        "qwen2",
        "qwen2",
        "\"model_type\": \"qwen2\", \"num_hidden_layers\": 2, \"tie_word_embeddings\": true");
    add("qwen3", "qwen2", "\"model_type\": \"qwen3\", \"num_hidden_layers\": 2, \"head_dim\": 32");
    add(
        "gemma2",
        "gemma2",
        "\"model_type\": \"gemma2\", \"num_hidden_layers\": 2, \"head_dim\": 64, \"query_pre_attn_scalar\": 64, \"sliding_window\": 8, \"hidden_activation\": \"gelu_pytorch_tanh\"");
    add(
        "gemma3",
        "gemma2",
        "\"model_type\": \"gemma3_text\", \"num_hidden_layers\": 7, \"head_dim\": 64, \"query_pre_attn_scalar\": 64, \"sliding_window\": 8, \"rope_local_base_freq\": 500.0, \"hidden_activation\": \"gelu_pytorch_tanh\"");
    add(
        "gemma3_pattern",
        "gemma2",
        "\"model_type\": \"gemma3_text\", \"num_hidden_layers\": 3, \"head_dim\": 64, \"query_pre_attn_scalar\": 64, \"sliding_window\": 8, \"sliding_window_pattern\": 2, \"final_logit_softcapping\": 20.0, \"hidden_activation\": \"gelu_pytorch_tanh\"");
    add(
        "phi3",
        "llama_k",
        "\"model_type\": \"phi3\", \"num_hidden_layers\": 2, \"partial_rotary_factor\": 0.5, \"original_max_position_embeddings\": 128");
    add(
        "smollm3",
        "qwen2",
        "\"model_type\": \"smollm3\", \"num_hidden_layers\": 5, \"tie_word_embeddings\": true");
    add("olmo2", "qwen2", "\"model_type\": \"olmo2\", \"num_hidden_layers\": 2");
    add(
        "olmo2_tied",
        "qwen2",
        "\"model_type\": \"olmo2\", \"num_hidden_layers\": 2, \"tie_word_embeddings\": true");
    add(
        "granite",
        "qwen2",
        "\"model_type\": \"granite\", \"num_hidden_layers\": 2, \"embedding_multiplier\": 3.0, \"attention_multiplier\": 0.2, \"residual_multiplier\": 0.6, \"logits_scaling\": 2.0");
    add(
        "gpt2",
        "gpt2",
        "\"model_type\": \"gpt2\", \"n_embd\": 256, \"n_layer\": 2, \"n_head\": 4, \"n_inner\": 512, \"n_positions\": 128");
    add(
        "gpt_neox",
        "gpt2",
        "\"model_type\": \"gpt_neox\", \"num_hidden_layers\": 2, \"rotary_pct\": 0.25, \"rotary_emb_base\": 5000");
    add(
        "gpt_neox_serial",
        "gpt2",
        "\"model_type\": \"gpt_neox\", \"num_hidden_layers\": 2, \"use_parallel_residual\": false");
  }

  private RandomModels() {}

  private static void add(String name, String tokenizer, String fields) {
    FAMILIES.put(name, new String[] {tokenizer, fields});
  }

  static List<String> names() {
    return List.copyOf(FAMILIES.keySet());
  }

  /** llama.cpp's name of the tokenizer's pre-tokenizer, which its own files do not tell. */
  static String preTokenizer() {
    return "gpt-2";
  }

  /** Writes a model without tokens that end a text, so that greedy texts go on. */
  static Path write(String name, Path folder) throws IOException {
    String tokenizer = FAMILIES.get(name)[0];
    GoldenFolders.copy(GoldenFolders.of(tokenizer), folder);
    Files.delete(folder.resolve("generation_config.json"));
    int vocabulary =
        Json.parse(Files.readString(folder.resolve("config.json"))).path("vocab_size").asInt();
    ObjectNode config =
        (ObjectNode)
            Json.parse(
                "{" + COMMON + FAMILIES.get(name)[1] + ", \"vocab_size\": " + vocabulary + "}");
    if (name.startsWith("gpt")) {
      config.remove(List.of("num_key_value_heads", "rms_norm_eps"));
    }
    Files.writeString(folder.resolve("config.json"), Json.compact(config));
    Map<String, List<Long>> shapes =
        Architectures.declareDecoder(ModelConfig.read(folder)).tensors();
    Random random = new Random(name.hashCode());
    List<TensorData> tensors = new ArrayList<>();
    shapes.forEach((tensor, shape) -> tensors.add(random(tensor, shape, random)));
    SafetensorsWriter.create().writeModel(folder, tensors);
    return folder;
  }

  private static TensorData random(String name, List<Long> shape, Random random) {
    int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    boolean norm = name.contains("norm") || name.contains("ln_");
    double scale = shape.size() == 1 ? 0.3 : name.contains("embed") ? 1 : 1.5 / Math.sqrt(256);
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      double center = norm && name.endsWith(".weight") ? 1 : 0;
      bytes.putFloat((float) (center + scale * random.nextGaussian()));
    }
    return TensorData.of(name, StoredType.F32, shape, bytes::flip);
  }
}
