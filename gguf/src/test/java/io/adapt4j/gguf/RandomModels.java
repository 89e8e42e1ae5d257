package io.adapt4j.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.ExpertStacks;
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
import java.util.stream.IntStream;

/**
 * Small models of every family with random weights. Blocks of 256 fit in the rows of most matrices,
 * in those of the MLP's output only smaller ones or none.
 */
final class RandomModels {

  private static final String COMMON =
      """
      "hidden_size": 256, "num_attention_heads": 4, "num_key_value_heads": 2,
      "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
      """;

  /** How many ids the embedding has beyond those of the tokenizer: a field of these tests. */
  private static final String PADDING = "padding";

  /** Whose tokenizer a model gets, and what else its configuration says. */
  record Description(String tokenizer, String fields) {}

  /** One model of each family. */
  private static final Map<String, Description> FAMILIES = new LinkedHashMap<>();

  /** Others, with the settings that their configurations may carry. */
  private static final Map<String, Description> VARIANTS = new LinkedHashMap<>();

  /** Those of the families that {@link DenseModels} describes. */
  private static final Map<String, Description> DENSE = new LinkedHashMap<>();

  static {
    DenseModels.ALL.forEach((name, model) -> put(DENSE, name, model[0], model[1]));
    put(
        FAMILIES,
        "llama",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 9, \"attention_bias\": true, \"mlp_bias\": true");
    put(
        FAMILIES,
        "mistral",
        "llama_k",
        "\"model_type\": \"mistral\", \"num_hidden_layers\": 2, \"head_dim\": 32, \"sliding_window\": null");
    put(
        FAMILIES,
        "qwen2",
        "qwen2",
        "\"model_type\": \"qwen2\", \"num_hidden_layers\": 2, \"tie_word_embeddings\": true");
    put(
        FAMILIES,
        "qwen3",
        "qwen2",
        "\"model_type\": \"qwen3\", \"num_hidden_layers\": 2, \"head_dim\": 32");
    put(
        FAMILIES,
        "gemma2",
        "gemma2",
        "\"model_type\": \"gemma2\", \"num_hidden_layers\": 2, \"head_dim\": 64, \"query_pre_attn_scalar\": 64, \"sliding_window\": 8");
    put(
        FAMILIES,
        "gemma3",
        "gemma2",
        "\"model_type\": \"gemma3_text\", \"num_hidden_layers\": 7, \"head_dim\": 64, \"query_pre_attn_scalar\": 64, \"sliding_window\": 8, \"rope_local_base_freq\": 500.0");
    put(
        FAMILIES,
        "phi3",
        "llama_k",
        "\"model_type\": \"phi3\", \"num_hidden_layers\": 2, \"partial_rotary_factor\": 0.5, \"original_max_position_embeddings\": 128");
    put(
        FAMILIES,
        "smollm3",
        "qwen2",
        "\"model_type\": \"smollm3\", \"num_hidden_layers\": 5, \"tie_word_embeddings\": true");
    put(FAMILIES, "olmo2", "qwen2", "\"model_type\": \"olmo2\", \"num_hidden_layers\": 2");
    put(
        FAMILIES,
        "granite",
        "qwen2",
        "\"model_type\": \"granite\", \"num_hidden_layers\": 2, \"embedding_multiplier\": 3.0, \"attention_multiplier\": 0.2, \"residual_multiplier\": 0.6, \"logits_scaling\": 2.0");
    put(
        FAMILIES,
        "gpt2",
        "gpt2",
        "\"model_type\": \"gpt2\", \"n_embd\": 256, \"n_layer\": 2, \"n_head\": 4, \"n_inner\": 576, \"n_positions\": 128");
    put(
        FAMILIES,
        "gpt_neox",
        "gpt2",
        "\"model_type\": \"gpt_neox\", \"num_hidden_layers\": 2, \"rotary_pct\": 0.25, \"rotary_emb_base\": 5000");
    put(
        VARIANTS,
        "mixtral",
        "llama_k",
        "\"model_type\": \"mixtral\", \"num_hidden_layers\": 2, \"num_local_experts\": 4, \"num_experts_per_tok\": 2, \"sliding_window\": null");
    put(
        VARIANTS,
        "qwen2_moe",
        "qwen2",
        "\"model_type\": \"qwen2_moe\", \"num_hidden_layers\": 2, \"num_experts\": 5, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 96, \"shared_expert_intermediate_size\": 160, \"norm_topk_prob\": false");
    put(
        VARIANTS,
        "qwen3_moe",
        "qwen2",
        "\"model_type\": \"qwen3_moe\", \"num_hidden_layers\": 2, \"head_dim\": 32, \"num_experts\": 4, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 96, \"norm_topk_prob\": true");
    put(
        VARIANTS,
        "olmoe",
        "qwen2",
        "\"model_type\": \"olmoe\", \"num_hidden_layers\": 2, \"num_key_value_heads\": 4, \"num_experts\": 4, \"num_experts_per_tok\": 2, \"norm_topk_prob\": false");
    put(
        VARIANTS,
        "llama_tied",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"tie_word_embeddings\": true, \"num_key_value_heads\": 1");
    put(
        VARIANTS,
        "llama_head_dim",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"head_dim\": 48, \"num_key_value_heads\": 4");
    put(
        VARIANTS,
        "llama_padded",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"padding\": 13");
    put(
        VARIANTS,
        "llama3",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 32}");
    put(
        VARIANTS,
        "llama_yarn",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 32}");
    put(
        VARIANTS,
        "llama_yarn_attention_factor",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 32, \"attention_factor\": 1.6}");
    put(
        VARIANTS,
        "qwen2_yarn_mscale",
        "qwen2",
        "\"model_type\": \"qwen2\", \"num_hidden_layers\": 2, \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 32, \"mscale\": 2.0, \"mscale_all_dim\": 0.5, \"beta_fast\": 32.0}");
    put(
        VARIANTS,
        "llama_linear",
        "llama_k",
        "\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2.0}");
    put(
        VARIANTS,
        "mistral_tied",
        "llama_k",
        "\"model_type\": \"mistral\", \"num_hidden_layers\": 2, \"tie_word_embeddings\": true, \"sliding_window\": 512");
    put(
        VARIANTS,
        "qwen2_untied",
        "qwen2",
        "\"model_type\": \"qwen2\", \"num_hidden_layers\": 2, \"padding\": 7");
    put(
        VARIANTS,
        "qwen3_tied",
        "qwen2",
        "\"model_type\": \"qwen3\", \"num_hidden_layers\": 2, \"tie_word_embeddings\": true, \"rope_theta\": 1000000");
    put(
        VARIANTS,
        "gemma2_padded",
        "gemma2",
        "\"model_type\": \"gemma2\", \"num_hidden_layers\": 3, \"head_dim\": 32, \"query_pre_attn_scalar\": 32, \"sliding_window\": 8, \"padding\": 5, \"rope_theta\": 5000.0, \"attn_logit_softcapping\": 5.0, \"final_logit_softcapping\": 10.0");
    put(
        VARIANTS,
        "gemma3_pattern",
        "gemma2",
        "\"model_type\": \"gemma3_text\", \"num_hidden_layers\": 3, \"head_dim\": 64, \"query_pre_attn_scalar\": 64, \"sliding_window\": 8, \"sliding_window_pattern\": 2, \"final_logit_softcapping\": 20.0");
    put(
        VARIANTS,
        "gemma3_linear",
        "gemma2",
        "\"model_type\": \"gemma3_text\", \"num_hidden_layers\": 6, \"head_dim\": 64, \"query_pre_attn_scalar\": 64, \"sliding_window\": 8, \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 8.0}");
    put(
        VARIANTS,
        "gemma3_yarn",
        "gemma2",
        "\"model_type\": \"gemma3_text\", \"num_hidden_layers\": 6, \"head_dim\": 64, \"query_pre_attn_scalar\": 64, \"sliding_window\": 8, \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 32}");
    put(
        VARIANTS,
        "phi3_tied",
        "llama_k",
        "\"model_type\": \"phi3\", \"num_hidden_layers\": 2, \"tie_word_embeddings\": true, \"padding\": 3");
    put(
        VARIANTS,
        "phi3_long",
        "llama_k",
        "\"model_type\": \"phi3\", \"num_hidden_layers\": 2, \"max_position_embeddings\": 1024, \"original_max_position_embeddings\": 256, \"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": "
            + factors(64)
            + ", \"long_factor\": "
            + factors(8)
            + "}");
    put(
        VARIANTS,
        "smollm3_untied",
        "qwen2",
        "\"model_type\": \"smollm3\", \"num_hidden_layers\": 8, \"no_rope_layers\": [1, 1, 1, 0, 1, 1, 1, 0]");
    put(
        VARIANTS,
        "smollm3_yarn",
        "qwen2",
        "\"model_type\": \"smollm3\", \"num_hidden_layers\": 4, \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 32}");
    put(
        VARIANTS,
        "olmo2_tied",
        "qwen2",
        "\"model_type\": \"olmo2\", \"num_hidden_layers\": 2, \"tie_word_embeddings\": true");
    put(
        VARIANTS,
        "granite_biases",
        "qwen2",
        "\"model_type\": \"granite\", \"num_hidden_layers\": 2, \"attention_bias\": true, \"mlp_bias\": true, \"tie_word_embeddings\": true, \"logits_scaling\": 8.0");
    put(
        VARIANTS,
        "gpt2_untied",
        "gpt2",
        "\"model_type\": \"gpt2\", \"n_embd\": 256, \"n_layer\": 2, \"n_head\": 8, \"n_positions\": 128, \"tie_word_embeddings\": false, \"padding\": 9");
    put(
        VARIANTS,
        "gpt2_gelu",
        "gpt2",
        "\"model_type\": \"gpt2\", \"n_embd\": 256, \"n_layer\": 2, \"n_head\": 4, \"n_positions\": 128, \"activation_function\": \"gelu\"");
    put(
        VARIANTS,
        "gpt_neox_serial",
        "gpt2",
        "\"model_type\": \"gpt_neox\", \"num_hidden_layers\": 2, \"use_parallel_residual\": false, \"hidden_act\": \"gelu_new\"");
    put(
        VARIANTS,
        "gpt_neox_tied",
        "gpt2",
        "\"model_type\": \"gpt_neox\", \"num_hidden_layers\": 2, \"rotary_pct\": 1.0, \"tie_word_embeddings\": true, \"layer_norm_eps\": 1e-4");
    put(
        VARIANTS,
        "gpt_neox_yarn",
        "gpt2",
        "\"model_type\": \"gpt_neox\", \"num_hidden_layers\": 2, \"rotary_pct\": 0.5, \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 32, \"attention_factor\": 1.3}");
  }

  static {
    VARIANTS.putAll(RandomMixtures.all());
  }

  private RandomModels() {}

  private static void put(
      Map<String, Description> models, String name, String tokenizer, String fields) {
    models.put(name, new Description(tokenizer, fields));
  }

  private static String factors(int divisor) {
    return IntStream.range(0, 32).mapToObj(i -> 1 + (double) i / divisor).toList().toString();
  }

  /** One model of each family. */
  static List<String> families() {
    return List.copyOf(FAMILIES.keySet());
  }

  /** Models of the same families with other settings. */
  static List<String> variants() {
    return List.copyOf(VARIANTS.keySet());
  }

  /** Models of dense families that came later. */
  static List<String> dense() {
    return List.copyOf(DENSE.keySet());
  }

  /** llama.cpp's name of the tokenizer's pre-tokenizer, which its own files do not tell. */
  static String preTokenizer() {
    return "gpt-2";
  }

  /** Writes a model without tokens that end a text, so that greedy texts go on. */
  static Path write(String name, Path folder) throws IOException {
    return write(name, "", folder);
  }

  /** Writes one with other settings, as fields of its configuration. */
  static Path write(String name, String more, Path folder) throws IOException {
    Description model = FAMILIES.getOrDefault(name, VARIANTS.getOrDefault(name, DENSE.get(name)));
    GoldenFolders.copy(GoldenFolders.of(model.tokenizer()), folder);
    Files.delete(folder.resolve("generation_config.json"));
    // They are of another model, whose layers are other than those that are declared below.
    Files.deleteIfExists(folder.resolve("model.safetensors"));
    int vocabulary =
        Json.parse(Files.readString(folder.resolve("config.json"))).path("vocab_size").asInt();
    ObjectNode config = (ObjectNode) Json.parse("{" + COMMON + model.fields() + "}");
    config.setAll((ObjectNode) Json.parse("{" + more + "}"));
    // Blocks of 32 fit in these rows; in the others no block does.
    int inner = name.length() % 2 == 0 ? 288 : 264;
    if (!config.has("intermediate_size")) {
      config.put("intermediate_size", inner);
    }
    config.put("vocab_size", vocabulary + config.path(PADDING).asInt());
    config.remove(PADDING);
    boolean small = name.startsWith("gemma3n") || name.startsWith("gemma4");
    if (small && !config.has("vocab_size_per_layer_input")) {
      config.set("vocab_size_per_layer_input", config.get("vocab_size"));
    }
    if (name.startsWith("gpt")) {
      config.remove(List.of("num_key_value_heads", "rms_norm_eps"));
    }
    Files.writeString(folder.resolve("config.json"), Json.compact(config));
    boolean fourBit = RandomMixtures.isFourBit(config);
    Map<String, List<Long>> shapes =
        Architectures.declareDecoder(ModelConfig.read(folder)).tensors();
    Random random = new Random(name.hashCode());
    List<TensorData> tensors = new ArrayList<>();
    shapes.forEach((tensor, shape) -> tensors.add(random(tensor, shape, small, random)));
    SafetensorsWriter.create()
        .writeModel(
            folder, ExpertStacks.join(fourBit ? RandomMixtures.fourBit(tensors, random) : tensors));
    return folder;
  }

  private static TensorData random(String name, List<Long> shape, boolean small, Random random) {
    int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    boolean norm = name.contains("norm") || name.contains("ln_");
    // Scores have no factor there: rounding must not choose whom a token attends to.
    boolean query = small && name.endsWith("q_norm.weight");
    double scale = shape.size() == 1 ? 0.3 : name.contains("embed") ? 1 : 1.5 / Math.sqrt(256);
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      boolean about1 =
          (norm && name.endsWith(".weight"))
              || name.endsWith("layer_scalar")
              || (name.contains(".router.") && name.endsWith("scale"));
      double center = query ? 0.2 : about1 ? 1 : 0;
      bytes.putFloat((float) (center + scale * random.nextGaussian()));
    }
    return TensorData.of(name, StoredType.F32, shape, bytes::flip);
  }
}
