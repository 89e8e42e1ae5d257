package io.adapt4j.lora;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.lora.internal.layer.LoftQ;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every field that PEFT 0.20 writes is read, has no meaning here, or is refused by name. */
class LoraFieldsTest {

  /** What PEFT 0.20 writes where nothing but targets was chosen. */
  private static final String DEFAULTS =
      """
      {"alora_invocation_tokens": null, "alpha_pattern": {}, "arrow_config": null,
       "auto_mapping": null, "base_model_name_or_path": "base", "bias": "none",
       "corda_config": null, "ensure_weight_tying": false, "eva_config": null,
       "exclude_modules": null, "fan_in_fan_out": false, "inference_mode": true,
       "init_lora_weights": true, "layer_replication": null, "layers_pattern": null,
       "layers_to_transform": null, "loftq_config": {}, "lora_alpha": 8, "lora_bias": false,
       "lora_dropout": 0.0, "lora_ga_config": null, "megatron_config": null,
       "megatron_core": "megatron.core", "modules_to_save": null, "monteclora_config": null,
       "peft_type": "LORA", "peft_version": "0.20.0", "qalora_group_size": 16, "r": 4,
       "rank_pattern": {}, "revision": null, "target_modules": ["q_proj"],
       "target_parameters": null, "task_type": "CAUSAL_LM", "trainable_token_indices": null,
       "use_bdlora": null, "use_dora": false, "use_qalora": false, "use_rslora": false,
       "velora_config": null}
      """;

  @TempDir private Path folder;

  private LoraAdapter read(String field, String value) throws IOException {
    ObjectNode config = (ObjectNode) Json.parse(DEFAULTS);
    config.set(field, Json.parse(value));
    Files.writeString(folder.resolve("adapter_config.json"), Json.indented(config));
    return LoraAdapter.at(folder);
  }

  @Test
  void defaultsAreRead() throws IOException {
    AdapterConfig config = read("r", "4").config();
    assertThat(config.rank()).isEqualTo(4);
    assertThat(config.tiesEmbeddings()).isFalse();
    assertThat(config.tokens()).isEmpty();
    assertThat(config.loftq()).isEqualTo(LoftQ.NONE);
  }

  @Test
  void whatIsReadComesBack() throws IOException {
    assertThat(read("ensure_weight_tying", "true").config().tiesEmbeddings()).isTrue();
    assertThat(read("trainable_token_indices", "[3, 5]").config().tokens())
        .isEqualTo(Map.of("", List.of(3, 5)));
    assertThat(read("trainable_token_indices", "{\"lm_head\": [3]}").config().tokens())
        .isEqualTo(Map.of("lm_head", List.of(3)));
    assertThat(read("init_lora_weights", "\"loftq\"").config().loftq().iterations()).isEqualTo(1);
    assertThat(read("target_parameters", "[\"up_proj.weight\"]").config().modules().parameters())
        .containsExactly("up_proj.weight");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "alora_invocation_tokens",
        "arrow_config",
        "layer_replication",
        "megatron_config",
        "monteclora_config",
        "use_bdlora",
        "use_qalora",
        "velora_config",
        "a_field_of_later_versions"
      })
  void whatWouldComputeSomethingElseIsRefusedByName(String field) {
    refuses(CheckpointException.class, () -> read(field, "[1]"), "'" + field + "'", "found [1]");
  }

  @ParameterizedTest
  @CsvSource({"corda", "lora_ga", "\"pissa_niter\""})
  void initialValuesThatTheAdapterLacksAreRefused(String name) {
    assertThatThrownBy(() -> read("init_lora_weights", '"' + name.replace("\"", "") + '"'))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("init_lora_weights")
        .hasMessageContaining("path_initial_model_for_weight_conversion");
  }

  @Test
  void tokensAreIds() {
    assertThatThrownBy(() -> read("trainable_token_indices", "[-1]"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("trainable_token_indices");
  }
}
