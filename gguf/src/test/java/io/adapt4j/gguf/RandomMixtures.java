package io.adapt4j.gguf;

import io.adapt4j.gguf.RandomModels.Description;
import java.util.LinkedHashMap;
import java.util.Map;

/** Small mixtures of experts and hybrids, with the settings that their configurations may carry. */
final class RandomMixtures {

  private RandomMixtures() {}

  static Map<String, Description> all() {
    Map<String, Description> models = new LinkedHashMap<>();
    mixtures(models);
    return models;
  }

  private static void mixtures(Map<String, Description> models) {
    put(
        models,
        "gpt_oss",
        """
        "model_type": "gpt_oss", "num_hidden_layers": 4, "head_dim": 32, "num_local_experts": 5,
        "num_experts_per_tok": 3, "sliding_window": 8
        """);
    put(
        models,
        "gpt_oss_yarn",
        """
        "model_type": "gpt_oss", "num_hidden_layers": 2, "head_dim": 64, "num_local_experts": 4,
        "num_experts_per_tok": 2, "sliding_window": 4, "rope_scaling": {"rope_type": "yarn",
        "factor": 4.0, "original_max_position_embeddings": 32, "truncate": true}
        """);
    put(
        models,
        "granitemoe",
        """
        "model_type": "granitemoe", "num_hidden_layers": 2, "num_local_experts": 4,
        "num_experts_per_tok": 2, "embedding_multiplier": 3.0, "attention_multiplier": 0.2,
        "residual_multiplier": 0.6, "logits_scaling": 2.0, "attention_bias": true
        """);
    put(
        models,
        "granitemoe_nb",
        """
        "model_type": "granitemoe", "num_hidden_layers": 2, "num_local_experts": 4,
        "num_experts_per_tok": 2, "embedding_multiplier": 3.0, "attention_multiplier": 0.2,
        "residual_multiplier": 0.6, "logits_scaling": 2.0
        """);
    put(
        models,
        "granitemoeshared",
        """
        "model_type": "granitemoeshared", "num_hidden_layers": 2, "num_local_experts": 4,
        "num_experts_per_tok": 2, "shared_intermediate_size": 160, "tie_word_embeddings": true,
        "embedding_multiplier": 3.0, "attention_multiplier": 0.2, "logits_scaling": 2.0
        """);
    put(
        models,
        "ernie4_5_moe",
        """
        "model_type": "ernie4_5_moe", "num_hidden_layers": 3, "head_dim": 48, "moe_num_experts": 5,
        "moe_k": 2, "moe_intermediate_size": 96, "moe_num_shared_experts": 2,
        "moe_layer_start_index": 1, "rope_theta": 10000.0
        """);
    put(
        models,
        "ernie4_5_moe_alone",
        """
        "model_type": "ernie4_5_moe", "num_hidden_layers": 4, "moe_num_experts": 4, "moe_k": 2,
        "moe_intermediate_size": 96, "moe_num_shared_experts": 0, "moe_layer_start_index": 0,
        "tie_word_embeddings": false
        """);
    put(
        models,
        "glm4_moe",
        """
        "model_type": "glm4_moe", "num_hidden_layers": 3, "head_dim": 32, "attention_bias": true,
        "n_routed_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 96,
        "n_shared_experts": 1, "first_k_dense_replace": 1, "routed_scaling_factor": 1.5,
        "use_qk_norm": true, "n_group": 1, "topk_group": 1
        """);
    put(
        models,
        "glm4_moe_groups",
        """
        "model_type": "glm4_moe", "num_hidden_layers": 2, "n_routed_experts": 8,
        "num_experts_per_tok": 2, "moe_intermediate_size": 96, "n_shared_experts": 2,
        "first_k_dense_replace": 0, "norm_topk_prob": false, "n_group": 4, "topk_group": 2,
        "partial_rotary_factor": 0.25
        """);
    put(
        models,
        "dots1",
        """
        "model_type": "dots1", "num_hidden_layers": 3, "head_dim": 32, "num_key_value_heads": 4, "n_routed_experts": 6,
        "num_experts_per_tok": 2, "moe_intermediate_size": 96, "n_shared_experts": 2,
        "first_k_dense_replace": 1, "routed_scaling_factor": 2.5, "norm_topk_prob": true,
        "sliding_window": null
        """);
  }

  private static void put(Map<String, Description> models, String name, String fields) {
    models.put(name, new Description("qwen2", fields));
  }
}
