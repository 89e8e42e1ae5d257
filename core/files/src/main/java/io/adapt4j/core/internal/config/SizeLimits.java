package io.adapt4j.core.internal.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Upper limits on sizes in a configuration: far above every known model, and small enough that a
 * network can be declared and planned.
 */
final class SizeLimits {

  static final int LAYERS = 4096;
  private static final int LAYERS_OF_GROUP = 64;
  private static final int HEADS = 1 << 16;
  private static final int WIDTH = 1 << 20;
  private static final int ROWS = 1 << 24;
  private static final int POSITIONS = 1 << 27;

  private static final Map<String, Integer> LIMITS =
      Stream.of(
              limit(
                  LAYERS,
                  "num_hidden_layers",
                  "n_layer",
                  "n_layers",
                  "num_layers",
                  "num_decoder_layers",
                  "encoder_layers",
                  "decoder_layers",
                  "num_hidden_groups",
                  "num_kv_shared_layers",
                  "num_nextn_predict_layers"),
              limit(LAYERS_OF_GROUP, "inner_group_num", "expansion_ratio"),
              limit(
                  HEADS,
                  "num_attention_heads",
                  "n_head",
                  "n_heads",
                  "num_key_value_heads",
                  "num_global_key_value_heads",
                  "head_dim",
                  "global_head_dim",
                  "qk_nope_head_dim",
                  "index_head_dim",
                  "index_n_heads",
                  "qk_rope_head_dim",
                  "v_head_dim",
                  "num_experts",
                  "num_local_experts",
                  "n_routed_experts",
                  "n_shared_experts",
                  "moe_num_experts",
                  "moe_num_shared_experts",
                  "moe_topk",
                  "zero_expert_num",
                  "moe_k",
                  "num_experts_per_tok",
                  "num_heads",
                  "num_kv_heads",
                  "encoder_attention_heads",
                  "decoder_attention_heads",
                  "attention_head_size",
                  "d_kv",
                  "relative_attention_num_buckets",
                  "position_buckets",
                  "linear_num_key_heads",
                  "linear_num_value_heads",
                  "linear_key_head_dim",
                  "linear_value_head_dim",
                  "linear_conv_kernel_dim",
                  "mamba_n_heads",
                  "mamba_n_groups",
                  "mamba_d_head",
                  "mamba_d_state",
                  "mamba_d_conv",
                  "conv_L_cache",
                  "conv_kernel_size",
                  "conv_groups",
                  "rotary_dim",
                  "altup_num_inputs",
                  "altup_active_idx"),
              limit(
                  WIDTH,
                  "hidden_size",
                  "n_embd",
                  "n_embed",
                  "word_embed_proj_dim",
                  "dim",
                  "d_model",
                  "intermediate_size",
                  "n_inner",
                  "hidden_dim",
                  "d_ff",
                  "ffn_dim",
                  "embedding_size",
                  "moe_intermediate_size",
                  "shared_expert_intermediate_size",
                  "shared_intermediate_size",
                  "ffn_hidden_size",
                  "encoder_ffn_dim",
                  "decoder_ffn_dim",
                  "pooler_hidden_size",
                  "q_lora_rank",
                  "kv_lora_rank",
                  "laurel_rank",
                  "hidden_size_per_layer_input",
                  "num_labels"),
              limit(
                  ROWS,
                  "vocab_size",
                  "decoder_vocab_size",
                  "type_vocab_size",
                  "vocab_size_per_layer_input"),
              limit(
                  POSITIONS,
                  "max_position_embeddings",
                  "n_positions",
                  "n_ctx",
                  "max_seq_len",
                  "seq_length"))
          .flatMap(limits -> limits.entrySet().stream())
          .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

  private SizeLimits() {}

  private static Map<String, Integer> limit(int most, String... fields) {
    return Stream.of(fields).collect(Collectors.toMap(field -> field, field -> most));
  }

  /** Checks a configuration and its nested ones. */
  static void check(ConfigReader fields) {
    for (String field : fields.names()) {
      Integer most = LIMITS.get(field);
      JsonNode value = fields.node(field);
      if (most != null && value.isNumber() && value.doubleValue() > most) {
        throw fields.invalid(
            field,
            "at most " + most,
            "No model is that large: correct the value, or fetch the model's original file.");
      }
      if (value.isObject()) {
        fields.child(field).ifPresent(SizeLimits::check);
      }
    }
  }
}
