package io.adapt4j.gguf;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small models of the dense families of 2025 and 2026, and of StarCoder 1. */
final class LaterModels {

  /** By name, whose tokenizer a model gets, its type and the fields of its configuration. */
  static final Map<String, String[]> ALL = new LinkedHashMap<>();

  static {
    put("apertus", "qwen2", "apertus", "\"head_dim\": 32");
    put(
        "apertus_tied",
        "qwen2",
        "apertus",
        "\"rope_scaling\": null, \"rope_theta\": 5000.0, \"tie_word_embeddings\": true");
    put(
        "ministral3",
        "llama_k",
        "ministral3",
        """
        "head_dim": 32, "rope_parameters": {"rope_type": "yarn", "rope_theta": 5000.0,
        "factor": 16.0, "original_max_position_embeddings": 8, "beta_fast": 32.0,
        "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.3}
        """);
    put(
        "ministral3_tied",
        "llama_k",
        "ministral3",
        """
        "head_dim": 64, "tie_word_embeddings": true, "rope_parameters": {"rope_type": "yarn",
        "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 16,
        "attention_factor": 1.2, "mscale_all_dim": 0.7, "beta_fast": 8.0, "beta_slow": 2.0}
        """);
    put(
        "ministral3_plain",
        "llama_k",
        "ministral3",
        "\"head_dim\": 64, \"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 500.0}");
    put(
        "gemma3n",
        "gemma2",
        "gemma3n_text",
        """
        "num_hidden_layers": 6, "head_dim": 32, "sliding_window": 8, "rope_local_base_freq": 500.0,
        "num_kv_shared_layers": 0, "activation_sparsity_pattern": 0.95
        """);
    put(
        "gemma3n_shared",
        "gemma2",
        "gemma3n_text",
        """
        "num_hidden_layers": 25, "hidden_size": 64, "num_attention_heads": 2, "head_dim": 32,
        "num_key_value_heads": 1, "sliding_window": 6, "num_kv_shared_layers": 5,
        "rope_scaling": {"rope_type": "linear", "factor": 8.0}
        """);
    put(
        "gemma4",
        "gemma2",
        "gemma4_text",
        """
        "num_hidden_layers": 6, "head_dim": 32, "global_head_dim": 64, "sliding_window": 8,
        "num_kv_shared_layers": 2, "use_double_wide_mlp": true, "hidden_size_per_layer_input": 32,
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention",
        "full_attention", "sliding_attention", "full_attention"]
        """);
    put(
        "gemma4_one",
        "gemma2",
        "gemma4_text",
        """
        "num_hidden_layers": 7, "head_dim": 32, "global_head_dim": 96, "sliding_window": 6,
        "num_kv_shared_layers": 0, "attention_k_eq_v": true, "num_global_key_value_heads": 1,
        "hidden_size_per_layer_input": 0, "final_logit_softcapping": 20.0,
        "tie_word_embeddings": false, "rope_parameters": {"full_attention":
        {"rope_type": "proportional", "rope_theta": 5000.0, "partial_rotary_factor": 0.4},
        "sliding_attention": {"rope_type": "default", "rope_theta": 300.0}}
        """);
    put(
        "gemma4_moe",
        "gemma2",
        "gemma4_text",
        """
        "num_hidden_layers": 3, "head_dim": 32, "global_head_dim": 64, "sliding_window": 8,
        "num_kv_shared_layers": 0, "attention_k_eq_v": true, "num_global_key_value_heads": 1,
        "hidden_size_per_layer_input": 0, "final_logit_softcapping": 20.0,
        "tie_word_embeddings": false, "enable_moe_block": true, "num_experts": 6,
        "top_k_experts": 2, "moe_intermediate_size": 96,
        "layer_types": ["sliding_attention", "full_attention", "full_attention"]
        """);
    put(
        "gemma4_by_layer",
        "gemma2",
        "gemma4_text",
        """
        "num_hidden_layers": 3, "head_dim": 32, "sliding_window": 8, "num_kv_shared_layers": 0,
        "hidden_size_per_layer_input": 32, "tie_word_embeddings": false,
        "enable_moe_block": true, "num_experts": 4, "top_k_experts": 3,
        "moe_intermediate_size": 64, "layer_types": ["sliding_attention", "full_attention",
        "full_attention"], "per_layer_config": {"01": {"head_dim": 64, "num_key_value_heads": 1},
        "2": {"head_dim": 64, "num_key_value_heads": 1}}
        """);
    put(
        "vaultgemma",
        "gemma2",
        "vaultgemma",
        """
        "head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 512,
        "attn_logit_softcapping": null, "final_logit_softcapping": null
        """);
    put(
        "gpt_bigcode",
        "gpt2",
        "gpt_bigcode",
        "\"n_embd\": 256, \"n_layer\": 2, \"n_head\": 4, \"n_positions\": 128");
    put(
        "gpt_bigcode_heads",
        "gpt2",
        "gpt_bigcode",
        """
        "n_embd": 256, "n_layer": 2, "n_head": 4, "n_inner": 576, "n_positions": 128,
        "multi_query": false, "tie_word_embeddings": false, "layer_norm_epsilon": 1e-4
        """);
    put("olmo", "gpt2", "olmo", "\"clip_qkv\": 0.5");
    put("olmo_tied", "gpt2", "olmo", "\"tie_word_embeddings\": true, \"rope_theta\": 500.0");
    put("bloom", "gpt2", "bloom", "\"n_layer\": 2, \"n_head\": 4, \"seq_length\": 128");
    put(
        "bloom_heads",
        "gpt2",
        "bloom",
        """
        "hidden_size": 192, "n_layer": 2, "n_head": 6, "seq_length": 128,
        "tie_word_embeddings": false, "layer_norm_epsilon": 1e-4
        """);
    put(
        "mpt",
        "gpt2",
        "mpt",
        """
        "d_model": 256, "n_layers": 2, "n_heads": 4, "max_seq_len": 128,
        "attn_config": {"alibi": true, "alibi_bias_max": 8, "clip_qkv": 0.5}
        """);
    put(
        "mpt_bias",
        "gpt2",
        "mpt",
        """
        "d_model": 192, "n_layers": 2, "n_heads": 6, "max_seq_len": 128, "expansion_ratio": 3,
        "no_bias": false, "attn_config": {"alibi": true, "alibi_bias_max": 4}
        """);
    put(
        "mpt_learned",
        "gpt2",
        "mpt",
        """
        "d_model": 256, "n_layers": 2, "n_heads": 4, "max_seq_len": 128,
        "attn_config": {"alibi": false}
        """);
  }

  private LaterModels() {}

  /** Gives a model a tokenizer in the manner of Gemma 4, with a token for two ends of lines. */
  static Path withLines(Path model) throws IOException {
    Files.deleteIfExists(model.resolve("tokenizer.model"));
    Path own = GoldenFolders.of("llama_k");
    Files.copy(
        own.resolve("tokenizer_config.json"),
        model.resolve("tokenizer_config.json"),
        StandardCopyOption.REPLACE_EXISTING);
    ObjectNode tokenizer = (ObjectNode) Json.parse(Files.readString(own.resolve("tokenizer.json")));
    ArrayNode steps = (ArrayNode) tokenizer.path("normalizer").path("normalizers");
    steps.remove(0);
    ((ArrayNode) tokenizer.path("decoder").path("decoders")).remove(3);
    ObjectNode ids = (ObjectNode) tokenizer.path("model").path("vocab");
    String[] last = new String[2];
    ids.properties()
        .forEach(
            entry -> {
              int place = entry.getValue().asInt() - 510;
              if (place >= 0) {
                last[place] = entry.getKey();
              }
            });
    ids.remove(List.of(last));
    ids.put("\n", 510).put("\n\n", 511);
    Files.writeString(model.resolve("tokenizer.json"), Json.compact(tokenizer));
    return model;
  }

  private static void put(String name, String tokenizer, String type, String fields) {
    ALL.put(name, new String[] {tokenizer, type, fields});
  }
}
