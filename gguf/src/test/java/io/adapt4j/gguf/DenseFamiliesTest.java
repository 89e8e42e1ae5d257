package io.adapt4j.gguf;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of dense families, there and back. */
class DenseFamiliesTest {

  private static final int TOKENS = 24;

  @TempDir private Path folder;

  @BeforeEach
  void keepFilesHere() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
  }

  static List<String> models() {
    return RandomModels.dense();
  }

  @ParameterizedTest
  @MethodSource("models")
  void aFileComputesAsItsCheckpoint(String name) throws IOException {
    Path model = RandomModels.write(name, folder.resolve(name));
    Path file = folder.resolve("model.gguf");
    GgufExport.of(model)
        .preTokenizer(RandomModels.preTokenizer())
        .type(GgufQuantization.F32)
        .to(file);
    try (Decoder expected = TestModels.load(model);
        Decoder found = TestModels.load(ModelSource.path(file).folder())) {
      assertThat(TestModels.logits(found, TOKENS))
          .containsExactly(TestModels.logits(expected, TOKENS), within(2e-4f));
    }
  }

  /** The parts of one matrix for query, key and value may have different types. */
  @ParameterizedTest
  @CsvSource({"internlm2, Q4_K_M", "internlm2, Q8_0", "internlm2, F16", "falcon_groups, Q4_K_M"})
  void blocksOfAFusedMatrixComputeAsTheirValues(String name, GgufQuantization type)
      throws IOException {
    Path model = RandomModels.write(name, "\"num_hidden_layers\": 9", folder.resolve(name));
    Path file = folder.resolve("model.gguf");
    GgufExport.of(model).preTokenizer(RandomModels.preTokenizer()).type(type).to(file);
    Path read = ModelSource.path(file).folder();
    try (Decoder expected = TestModels.dequantized(read);
        Decoder found = TestModels.load(read)) {
      for (int tokens : new int[] {1, TOKENS}) {
        assertThat(TestModels.difference(logits(found, tokens), logits(expected, tokens)))
            .isLessThan(1e-4);
      }
    }
  }

  private static float[] logits(Decoder decoder, int tokens) {
    return TestModels.logits(decoder, tokens);
  }

  @Test
  void partsOfOneMatrixInTwoTypesAreNoTypeToTrainFor() throws IOException {
    Path model =
        RandomModels.write("internlm2", "\"num_hidden_layers\": 9", folder.resolve("internlm2"));
    assertThatThrownBy(() -> GgufExport.of(model).type(GgufQuantization.Q4_K_M).types())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("wqkv.weight");
    assertThat(GgufExport.of(model).type(GgufQuantization.Q4_0).types())
        .containsEntry("model.layers.0.attention.wqkv.weight", TensorType.Q4_0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ministral | \"sliding_window\": 16 | sliding_window",
        "helium | \"attention_bias\": true | attention_bias",
        "gemma | \"tie_word_embeddings\": false | tie_word_embeddings",
        "gemma | \"attention_bias\": true | attention_bias",
        "phi | \"qk_layernorm\": true | qk_layernorm",
        "phi | \"head_dim\": 32 | head_dim",
        "olmo3 | \"attention_bias\": true | attention_bias",
        "glm | \"head_dim\": 32 | head_dim",
        "cohere | \"attention_bias\": true | attention_bias",
        "cohere | \"tie_word_embeddings\": false | tie_word_embeddings",
        "cohere | \"hidden_size\": 64, \"num_hidden_layers\": 64 | num_hidden_layers",
        "cohere2_pattern | \"sliding_window\": null, \"layer_types\": [\"full_attention\", \"full_attention\"] | sliding_window",
        "starcoder2 | \"use_bias\": false | use_bias",
        "starcoder2 | \"sliding_window\": 16 | sliding_window",
        "stablelm | \"head_dim\": 32 | head_dim",
        "nemotron | \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0} | rope_scaling",
        "nemotron | \"hidden_act\": \"silu\" | hidden_act",
        "exaone4 | \"sliding_window\": 8 | sliding_window",
        "exaone4_windows | \"sliding_window\": null | sliding_window",
        "seed_oss | \"attention_out_bias\": true | attention_out_bias",
        "seed_oss | \"mlp_bias\": true | mlp_bias",
        "hunyuan | \"attention_bias\": true | attention_bias",
        "hunyuan_plain | \"rope_scaling\": {\"rope_type\": \"dynamic\", \"factor\": 2.0} | rope_scaling",
        "arcee | \"mlp_bias\": true | mlp_bias",
        "ernie4_5 | \"use_bias\": true | use_bias",
        "falcon | \"bias\": true | bias",
        "falcon | \"parallel_attn\": false | parallel_attn",
        "internlm2 | \"bias\": true | bias",
        "apertus | \"hidden_act\": \"relu2\" | hidden_act",
        "apertus | \"attention_bias\": true | attention_bias",
        "ministral3_plain | \"sliding_window\": 16 | sliding_window",
        "ministral3_plain | \"rope_parameters\": {\"llama_4_scaling_beta\": 0.1, \"original_max_position_embeddings\": 8} | rope_parameters",
        "gemma3n | \"num_hidden_layers\": 2, \"laurel_rank\": 32 | laurel_rank",
        "gemma3n | \"num_hidden_layers\": 2, \"altup_num_inputs\": 3 | altup_num_inputs",
        "gemma3n | \"num_hidden_layers\": 2, \"altup_active_idx\": 1 | altup_active_idx",
        "gemma3n | \"num_hidden_layers\": 2, \"altup_correct_scale\": false | altup_correct_scale",
        "gemma3n | \"num_hidden_layers\": 2, \"hidden_size_per_layer_input\": 64 | hidden_size_per_layer_input",
        "gemma3n | \"num_hidden_layers\": 2, \"num_kv_shared_layers\": 1 | num_kv_shared_layers",
        "gemma3n | \"num_hidden_layers\": 2, \"final_logit_softcapping\": null | final_logit_softcapping",
        "gemma3n | \"num_hidden_layers\": 2, \"activation_sparsity_pattern\": 0.5 | activation_sparsity_pattern",
        "gemma3n | \"num_hidden_layers\": 2, \"intermediate_size\": [288, 256] | intermediate_size",
        "gemma4 | \"num_kv_shared_layers\": 3 | num_kv_shared_layers",
        "vaultgemma | \"final_logit_softcapping\": 30.0 | final_logit_softcapping",
        "vaultgemma | \"query_pre_attn_scalar\": 64 | query_pre_attn_scalar",
        "vaultgemma | \"sliding_window\": 16 | sliding_window",
        "gpt_bigcode | \"scale_attn_weights\": false | scale_attn_weights",
        "olmo | \"attention_bias\": true | attention_bias",
        "mpt | \"logit_scale\": 0.5 | logit_scale",
        "mpt | \"attn_config\": {\"qk_ln\": true} | attn_config.qk_ln",
        "mpt | \"attn_config\": {\"softmax_scale\": 0.5} | attn_config.softmax_scale",
      })
  void namesTheFieldThatLlamaCppComputesOtherwise(String name, String fields, String named)
      throws IOException {
    Path model = RandomModels.write(name, fields, folder.resolve(name));
    Path file = folder.resolve("model.gguf");
    refuses(CheckpointException.class, () -> GgufExport.of(model).to(file), "'" + named + "'");
    assertThat(file).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "phi | phi2 | phi",
        "olmo3 | olmo2 | olmo3",
        "glm | chatglm | glm",
        "cohere | command-r | cohere",
        "hunyuan | hunyuan-dense | hunyuan_v1_dense",
        "ministral | llama | llama",
        "helium | llama | llama",
        "internlm2 | internlm2 | internlm2",
        "ministral3 | mistral3 | ministral3",
        "vaultgemma | gemma | gemma",
        "gpt_bigcode | starcoder | gpt_bigcode",
        "olmo | olmo | olmo",
        "bloom | bloom | bloom",
        "mpt | mpt | mpt",
      })
  void filesHaveLlamaCppsNameOfTheFamily(String name, String architecture, String readAs)
      throws IOException {
    Path file = folder.resolve("model.gguf");
    GgufExport.of(RandomModels.write(name, folder.resolve(name)))
        .preTokenizer(RandomModels.preTokenizer())
        .to(file);
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.metadata().string("general.architecture")).hasValue(architecture);
    }
    assertThat(Files.readString(ModelSource.path(file).folder().resolve("config.json")))
        .contains("\"model_type\": \"" + readAs + "\"");
  }

  /** The base is stretched for a length that configurations do not state. */
  @Test
  void hunyuansBaseIsStretchedInTheFile() throws IOException {
    Path file = folder.resolve("model.gguf");
    GgufExport.of(RandomModels.write("hunyuan", folder.resolve("hunyuan")))
        .preTokenizer(RandomModels.preTokenizer())
        .to(file);
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.metadata().number("hunyuan-dense.rope.freq_base").orElse(0))
          .isCloseTo(10_000 * Math.pow(50, 32 / 30.0), within(0.1));
      assertThat(opened.metadata().integer("hunyuan-dense.context_length")).hasValue(262_144);
    }
  }
}
