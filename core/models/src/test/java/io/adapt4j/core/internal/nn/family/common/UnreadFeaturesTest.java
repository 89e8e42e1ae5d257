package io.adapt4j.core.internal.nn.family.common;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.family.Architectures;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A setting this build would not follow is refused by name, never ignored. */
class UnreadFeaturesTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          mistral_full        | rope_scaling            | {"rope_type": "mrope", "factor": 2.0}
          phi3_longrope_long  | rope_scaling            | {"type": "longrope", "short_factor": [1.0], "long_factor": [1.0, 2.0]}
          phi3                | rope_scaling            | {"type": "longrope", "short_factor": [1.0, 2.0], "long_factor": [1.0]}
          llama_linear        | rope_scaling            | {"rope_type": "linear"}
          llama_linear        | hidden_act              | "mish"
          gpt2_by_layer       | activation_function     | "quick_gelu"
          distilbert_cls      | activation              | "swiglu"
          modernbert_cls      | classifier_activation   | "mish"
          llama_linear        | attn_logit_softcapping  | 30.0
          qwen3_bias          | attn_logit_softcapping  | 30.0
          gemma3_text         | attn_logit_softcapping  | 30.0
          phi3                | final_logit_softcapping | 30.0
          llama_linear        | sliding_window          | 4096
          olmo2               | sliding_window          | 4096
          gpt_neox_no_bias    | sliding_window          | 4096
          granite             | use_sliding_window      | true
          llama_linear        | num_local_experts       | 8
          qwen3_bias          | num_experts             | 64
          qwen2_window        | moe_intermediate_size   | 128
          mistral_full        | n_routed_experts        | 16
          llama_linear        | num_experts_per_tok     | 2
          llama_linear        | quantization_config     | {"quant_method": "gptq", "bits": 4}
          llama_linear        | compression_config      | {"format": "pack-quantized"}
          qwen2_window        | layer_types             | ["full_attention", "chunked_attention", "full_attention"]
          gemma3_text         | layer_types             | ["full_attention", "linear_attention", "full_attention"]
          gemma3_text         | layer_types             | ["full_attention", "sliding_attention"]
          qwen2_layer_types   | layer_types             | ["sliding_attention"]
          smollm3_window      | layer_types             | ["full_attention", "sliding_attention", "full_attention"]
          llama_linear        | layer_types             | ["full_attention", "sliding_attention"]
          qwen2_layer_types   | layer_types             | use_sliding_window = false
          gemma2_uncapped     | layer_types             | sliding_window = null
          smollm3             | no_rope_layers          | [1]
          llama_linear        | no_rope_layers          | [1, 0]
          llama_linear        | embedding_multiplier    | 12.0
          llama_linear        | residual_multiplier     | 0.22
          llama_linear        | attention_multiplier    | 0.015
          llama_linear        | logits_scaling          | 8.0
          mistral_full        | query_pre_attn_scalar   | 256
          gemma2_uncapped     | rope_local_base_freq    | 10000.0
          llama_linear        | global_rope_theta       | 10000.0
          gte_mlm             | position_embedding_type | "absolute"
          gte_mlm             | logn_attention_scale    | true
          gte_cls             | rope_scaling            | {"type": "linear", "factor": 2.0}
          gpt_neo             | attention_types         | [[["global"], 1]]
          gptj                | rotary_dim              | 9
          gemma4_moe          | top_k_experts           | 5
          gemma4_by_layer     | per_layer_config        | {"1": {"intermediate_size": 8}}
          gemma4_by_layer     | per_layer_config        | {"2": {"head_dim": 8}}
          llama_linear        | per_layer_config        | {"1": {"head_dim": 8}}
          gemma4              | use_bidirectional_attention | "all"
          gemma4              | num_kv_shared_layers    | 4
          gemma3n             | altup_active_idx        | 3
          gemma3n             | activation_sparsity_pattern | [0.5]
          llama_linear        | num_kv_shared_layers    | 1
          apertus             | qk_norm                 | false
          gemma3_text         | use_bidirectional_attention | true
          qwen2_window        | is_causal               | false
          llama_linear        | attention_chunk_size    | 8192
          llama_linear        | clip_qkv                | 8.0
          llama_linear        | kv_lora_rank            | 512
          llama_linear        | do_layer_norm_before    | false
          bloom               | apply_residual_connection_post_layernorm | true
          mpt                 | norm_type               | "low_precision_rmsnorm"
          mpt                 | attn_config             | {"prefix_lm": true}
          mpt                 | attn_config             | {"attn_type": "multiquery_attention"}
          mpt                 | ffn_config              | {"ffn_type": "mptglu"}
          opt                 | num_attention_heads     | 3
          olmo2               | use_qk_norm             | true
          llama_linear        | use_parallel_residual   | true
          qwen3_bias          | scale_attn_weights      | false
          gpt2_by_layer       | add_cross_attention     | true
          bert_features       | position_embedding_type | "relative_key"
          bert_features       | is_decoder              | true
          bert_features       | relative_attention      | true
          bert_features       | conv_kernel_size        | 3
          bert_features       | prenorm                 | true
          nomic_bert_features | prenorm                 | true
          nomic_bert_features | rotary_emb_scale_base   | 512
          nomic_bert_moe      | num_shared_experts      | 1
          nomic_bert_moe      | expert_choice_router    | true
          nomic_bert_moe      | moe_top_k               | 5
          granitemoe          | position_embedding_type | "nope"
          falcon_h1_plain     | layer_types             | ["mamba", "mamba"]
          bamba               | layer_types             | ["conv", "attention", "mamba"]
          glm4_moe            | mlp_layer_types         | ["dense", "narrow"]
          deberta_v2_cls      | pos_att_type            | ["p2p"]
          roberta_mlm         | position_embedding_type | "relative_key_query"
          distilbert_mlm      | pruned_heads            | {"0": [1]}
          modernbert_cls      | classifier_pooling      | "max"
          modernbert_cls      | architectures           | ["ModernBertForMultipleChoice"]
          bert_features       | architectures           | ["BertForQuestionAnswering"]
          """)
  void refusesTheFieldByName(String folder, String field, String value) throws IOException {
    ModelConfig config = read(folder);
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> Architectures.declare(with(config, field, value)))
        .withMessageContaining(field)
        .withMessageContaining("config.json");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          llama_linear     | sliding_window         | null
          llama_linear     | attn_logit_softcapping | null
          llama_linear     | num_experts            | 0
          llama_linear     | layer_types            | ["full_attention", "full_attention"]
          llama_linear     | is_causal              | true
          qwen2_window     | embedding_multiplier   | 1.0
          granitemoe       | position_embedding_type | "rope"
          granitemoeshared | position_embedding_type | "rope"
          bert_features    | pruned_heads           | {}
          bert_features    | is_decoder             | false
          gpt2_by_layer    | scale_attn_weights     | true
          """)
  void acceptsAFieldThatChangesNothing(String folder, String field, String value)
      throws IOException {
    ModelConfig config = with(read(folder), field, value);
    assertThatNoException().isThrownBy(() -> Architectures.declare(config).close());
  }

  private static ModelConfig read(String folder) {
    try (FamilyFolder family = FamilyFolder.open(folder)) {
      return ModelConfig.read(family.path());
    }
  }

  /** Sets the field to a value, or another field where the value says so. */
  private static ModelConfig with(ModelConfig config, String field, String value)
      throws IOException {
    String[] other = value.split(" = ", 2);
    return other.length == 2
        ? config.with(other[0], json(other[1]))
        : config.with(field, json(value));
  }

  private static JsonNode json(String text) throws IOException {
    return Json.parse(text);
  }
}
