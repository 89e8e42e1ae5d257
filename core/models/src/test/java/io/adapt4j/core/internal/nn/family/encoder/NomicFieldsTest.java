package io.adapt4j.core.internal.nn.family.encoder;

import static io.adapt4j.core.Words.words;
import static io.adapt4j.core.internal.nn.TestNetworks.network;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Nomic BERT with the fields of Transformers 5 in its configuration. */
class NomicFieldsTest {

  @TempDir private Path changed;

  @Test
  void fieldsOfTransformersMeanTheSameAsNomics() throws Exception {
    try (FamilyFolder folder = FamilyFolder.open("nomic_bert_features");
        Network original = folder.load()) {
      ObjectNode fields =
          (ObjectNode) Json.parse(Files.readString(folder.path().resolve("config.json")));
      fields.set("hidden_size", fields.remove("n_embd"));
      fields.set("num_attention_heads", fields.remove("n_head"));
      fields.set("num_hidden_layers", fields.remove("n_layer"));
      fields.set("layer_norm_eps", fields.remove("layer_norm_epsilon"));
      fields.set("max_position_embeddings", fields.remove("n_positions"));
      fields.put("intermediate_size", 256).put("hidden_act", "silu");
      fields.putObject("rope_parameters").put("rope_type", "default").put("rope_theta", 1000);
      fields.remove(
          List.of(
              words(
                  "activation_function n_inner mlp_fc1_bias mlp_fc2_bias qkv_proj_bias",
                  "rotary_emb_base rotary_emb_fraction max_trained_positions")));
      Files.writeString(changed.resolve("config.json"), fields.toString());
      Files.copy(
          folder.path().resolve(Checkpoint.SINGLE_FILE), changed.resolve(Checkpoint.SINGLE_FILE));
      try (Network renamed = network(changed)) {
        Batch batch = folder.batch("");
        assertThat(FamilyFolder.hidden(renamed, batch))
            .isEqualTo(FamilyFolder.hidden(original, batch));
        assertThat(renamed.dimensions()).isEqualTo(original.dimensions());
      }
    }
  }

  /**
   * Nomic's own code rounds the width of gated MLPs up to a multiple of 256; Transformers does not.
   */
  @ParameterizedTest
  @CsvSource({"intermediate_size, 40", "n_inner, 256"})
  void widthsThat256DoesNotDivideAreTakenAsTransformersDoes(String field, long width) {
    boolean own = field.equals("n_inner");
    String json =
        """
        {"model_type": "nomic_bert", "architectures": ["NomicBertModel"], "vocab_size": 8,
         "%s": 8, "%s": 2, "%s": 1, "%s": 40, "activation_function": "swiglu", "hidden_act": "silu",
         "rotary_emb_fraction": 1.0, "mlp_fc1_bias": false, "mlp_fc2_bias": false,
         "qkv_proj_bias": false}
        """
            .formatted(
                own ? "n_embd" : "hidden_size",
                own ? "n_head" : "num_attention_heads",
                own ? "n_layer" : "num_hidden_layers",
                field);
    try (Network network = Architectures.declare(ModelConfig.parse(Path.of("c.json"), json))) {
      assertThat(network.tensors().get("encoder.layers.0.mlp.fc11.weight"))
          .containsExactly(width, 8L);
    }
  }
}
