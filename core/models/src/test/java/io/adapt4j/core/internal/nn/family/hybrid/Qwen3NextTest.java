package io.adapt4j.core.internal.nn.family.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The text model inside a Qwen 3.5 that reads images too. */
class Qwen3NextTest {

  private static final String TEXT =
      """
      {"model_type": "qwen3_5_text", "hidden_size": 32, "num_hidden_layers": 4,
       "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "vocab_size": 64,
       "eos_token_id": 7, "linear_num_key_heads": 2, "linear_num_value_heads": 4,
       "linear_key_head_dim": 8, "linear_value_head_dim": 8, %s}
      """;

  private static final String WHOLE =
      """
      {"model_type": "%s", "architectures": ["Qwen3_5ForConditionalGeneration"],
       "tie_word_embeddings": true, "vision_config": {"depth": 2}, "text_config": %s}
      """;

  @Test
  void theTextModelIsReadAndTheRestKeptAsItIs() {
    ModelConfig config =
        parse(WHOLE.formatted("qwen3_5", TEXT.formatted("\"intermediate_size\": 48")));
    assertThat(config.eosTokenIds()).containsExactly(7);
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      assertThat(decoder.isTied()).isTrue();
      assertThat(decoder.keepsStates()).isTrue();
      assertThat(decoder.tensors().keySet())
          .allMatch(name -> name.startsWith("model.language_model."))
          .contains(
              "model.language_model.layers.0.linear_attn.in_proj_qkv.weight",
              "model.language_model.layers.3.self_attn.q_proj.weight",
              "model.language_model.norm.weight");
      assertThat(decoder.storedNames().ignores("model.visual.blocks.0.attn.qkv.weight")).isTrue();
      assertThat(decoder.storedNames().ignores("mtp.fc.weight")).isTrue();
    }
  }

  @Test
  void aMixtureHasSharedExpertsAndNoDenseWidth() {
    String text =
        TEXT.formatted(
            """
            "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16,
            "shared_expert_intermediate_size": 24
            """);
    try (Decoder decoder =
        Architectures.declareDecoder(parse(WHOLE.formatted("qwen3_5_moe", text)))) {
      assertThat(decoder.tensors())
          .containsKeys(
              "model.language_model.layers.0.mlp.gate.weight",
              "model.language_model.layers.0.mlp.shared_expert.down_proj.weight");
    }
  }

  @Test
  void aLayerOfAnotherTypeIsRefused() {
    String text =
        TEXT.formatted(
            "\"intermediate_size\": 48, \"layer_types\": [\"linear_attention\", \"mamba\","
                + " \"full_attention\", \"full_attention\"]");
    assertThatThrownBy(() -> Architectures.declare(parse(WHOLE.formatted("qwen3_5", text))))
        .hasMessageContaining("layer_types")
        .hasMessageContaining("linear_attention");
  }

  private static ModelConfig parse(String json) {
    return ModelConfig.parse(Path.of("config.json"), json);
  }
}
