package io.adapt4j.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.gguf.RandomModels.Description;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Small mixtures of experts and hybrids, with the settings that their configurations may carry. */
final class RandomMixtures {

  private RandomMixtures() {}

  static Map<String, Description> all() {
    Map<String, Description> models = new LinkedHashMap<>();
    mixtures(models);
    hybrids(models);
    linearAttention(models);
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
        "gpt_oss_4bit",
        """
        "model_type": "gpt_oss", "num_hidden_layers": 2, "head_dim": 32, "num_local_experts": 3,
        "num_experts_per_tok": 2, "sliding_window": 8,
        "quantization_config": {"quant_method": "mxfp4"}
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

  private static void hybrids(Map<String, Description> models) {
    put(
        models,
        "lfm2",
        """
        "model_type": "lfm2", "num_hidden_layers": 4, "conv_L_cache": 3, "norm_eps": 1e-4,
        "layer_types": ["conv", "full_attention", "conv", "full_attention"],
        "block_multiple_of": 32
        """);
    put(
        models,
        "lfm2_first",
        """
        "model_type": "lfm2", "num_hidden_layers": 3, "conv_L_cache": 4, "full_attn_idxs": [2],
        "block_ff_dim": 288, "block_auto_adjust_ff_dim": false, "theta": 5000.0
        """);
    put(
        models,
        "granite_hybrid",
        """
        "model_type": "granitemoehybrid", "num_hidden_layers": 4,
        "layer_types": ["mamba", "attention", "mamba", "mamba"], "num_local_experts": 4,
        "num_experts_per_tok": 2, "shared_intermediate_size": 160, "embedding_multiplier": 3.0,
        "attention_multiplier": 0.2, "residual_multiplier": 0.6, "logits_scaling": 2.0,
        "mamba_n_heads": 16, "mamba_d_state": 16, "mamba_n_groups": 1
        """);
    put(
        models,
        "granite_hybrid_dense",
        """
        "model_type": "granitemoehybrid", "num_hidden_layers": 3, "attention_bias": true,
        "layer_types": ["mamba", "attention", "mamba"], "num_local_experts": 0,
        "num_experts_per_tok": 0, "shared_intermediate_size": 160, "embedding_multiplier": 3.0,
        "attention_multiplier": 0.2, "logits_scaling": 2.0, "mamba_n_heads": 8,
        "mamba_d_state": 32, "position_embedding_type": "rope", "tie_word_embeddings": true
        """);
    put(
        models,
        "granite_attention",
        """
        "model_type": "granitemoehybrid", "num_hidden_layers": 2,
        "layer_types": ["attention", "attention"], "num_local_experts": 0,
        "num_experts_per_tok": 0, "shared_intermediate_size": 160, "embedding_multiplier": 3.0,
        "attention_multiplier": 0.2, "logits_scaling": 2.0, "position_embedding_type": "rope"
        """);
    put(
        models,
        "granite_attention_nope",
        """
        "model_type": "granitemoehybrid", "num_hidden_layers": 2,
        "layer_types": ["attention", "attention"], "num_local_experts": 0,
        "num_experts_per_tok": 0, "shared_intermediate_size": 160, "embedding_multiplier": 3.0,
        "attention_multiplier": 0.2, "logits_scaling": 2.0, "position_embedding_type": "nope"
        """);
    put(
        models,
        "granite_attention_experts",
        """
        "model_type": "granitemoehybrid", "num_hidden_layers": 2,
        "layer_types": ["attention", "attention"], "num_local_experts": 4,
        "num_experts_per_tok": 2, "shared_intermediate_size": 160, "embedding_multiplier": 3.0,
        "attention_multiplier": 0.2, "logits_scaling": 2.0, "position_embedding_type": "rope"
        """);
    put(
        models,
        "bamba",
        """
        "model_type": "bamba", "num_hidden_layers": 3, "attn_layer_indices": [1],
        "mamba_n_heads": 16, "mamba_d_state": 16, "mamba_n_groups": 1
        """);
    put(
        models,
        "falcon_h1",
        """
        "model_type": "falcon_h1", "num_hidden_layers": 2, "head_dim": 48, "mamba_d_ssm": 512,
        "mamba_n_heads": 16, "mamba_d_state": 16, "mamba_n_groups": 2, "mamba_d_head": "auto",
        "mamba_rms_norm": true, "mamba_norm_before_gate": false, "embedding_multiplier": 2.0,
        "lm_head_multiplier": 0.5, "attention_in_multiplier": 0.7,
        "attention_out_multiplier": 1.3, "key_multiplier": 0.5, "mlp_multipliers": [0.8, 1.5],
        "ssm_in_multiplier": 1.4, "ssm_multipliers": [0.8, 1.2, 0.7, 1.3, 0.9],
        "ssm_out_multiplier": 0.6
        """);
    put(
        models,
        "falcon_h1_plain",
        """
        "model_type": "falcon_h1", "num_hidden_layers": 2, "mamba_n_heads": 8,
        "mamba_d_state": 16, "mamba_rms_norm": false, "tie_word_embeddings": true,
        "embedding_multiplier": 2.0, "lm_head_multiplier": 0.1
        """);
  }

  private static void linearAttention(Map<String, Description> models) {
    put(
        models,
        "qwen3_next",
        """
        "model_type": "qwen3_next", "num_hidden_layers": 4, "head_dim": 64, "num_experts": 4,
        "num_experts_per_tok": 2, "moe_intermediate_size": 96,
        "shared_expert_intermediate_size": 160, "linear_num_key_heads": 2,
        "linear_num_value_heads": 4, "linear_key_head_dim": 32, "linear_value_head_dim": 32
        """);
    put(
        models,
        "qwen3_5",
        """
        "model_type": "qwen3_5_text", "num_hidden_layers": 4, "head_dim": 128,
        "linear_num_key_heads": 2, "linear_num_value_heads": 6, "linear_key_head_dim": 32,
        "linear_value_head_dim": 32, "rope_parameters": {"rope_type": "default",
        "rope_theta": 5000.0, "partial_rotary_factor": 0.25, "mrope_section": [6, 5, 5]}
        """);
    put(
        models,
        "qwen3_5_layers",
        """
        "model_type": "qwen3_5_text", "num_hidden_layers": 3, "head_dim": 64,
        "layer_types": ["full_attention", "linear_attention", "linear_attention"],
        "linear_num_key_heads": 4, "linear_num_value_heads": 4, "linear_key_head_dim": 32,
        "linear_value_head_dim": 32, "tie_word_embeddings": true
        """);
    put(
        models,
        "qwen3_5_moe",
        """
        "model_type": "qwen3_5_moe_text", "num_hidden_layers": 4, "head_dim": 64,
        "full_attention_interval": 2, "num_experts": 4, "num_experts_per_tok": 2,
        "moe_intermediate_size": 96, "shared_expert_intermediate_size": 160,
        "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 32,
        "linear_value_head_dim": 32
        """);
  }

  /** Whether a model's experts are to be in MXFP4. */
  static boolean isFourBit(ObjectNode config) {
    return config.has("quantization_config");
  }

  /** Puts random numbers in MXFP4 in the place of the weights of experts. */
  static List<TensorData> fourBit(List<TensorData> tensors, Random random) {
    List<TensorData> written = new ArrayList<>();
    for (TensorData tensor : tensors) {
      String name = tensor.name();
      if (!name.contains(".experts[") || !name.endsWith(".weight")) {
        written.add(tensor);
        continue;
      }
      long out = tensor.shape().get(1);
      long blocks = tensor.shape().get(0) / 32;
      String path = name.substring(0, name.lastIndexOf('.'));
      byte[] numbers = new byte[(int) (out * blocks * 16)];
      random.nextBytes(numbers);
      byte[] scales = new byte[(int) (out * blocks)];
      for (int i = 0; i < scales.length; i++) {
        scales[i] = (byte) (120 + random.nextInt(4));
      }
      written.add(bytes(path + ".blocks", List.of(out, blocks, 16L), numbers));
      written.add(bytes(path + ".scales", List.of(out, blocks), scales));
    }
    return written;
  }

  private static TensorData bytes(String name, List<Long> shape, byte[] values) {
    return TensorData.of(name, StoredType.U8, shape, () -> ByteBuffer.wrap(values));
  }

  private static void put(Map<String, Description> models, String name, String fields) {
    models.put(name, new Description("qwen2", fields));
  }
}
