package io.adapt4j.gguf;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Models that llama.cpp would compute otherwise are refused with the field that says so. */
class RefusedModelsTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llama_k | hidden_act | \"gelu\"",
        "llama_k | rope_scaling | {\"rope_type\": \"dynamic\", \"factor\": 2.0}",
        "gemma2 | query_pre_attn_scalar | 20",
        "gemma2 | attn_logit_softcapping | null",
        "llama_k | rope_scaling | {\"rope_type\": \"yarn\", \"factor\": 2.0, \"beta_fast\": 16}",
        "llama_k | rope_scaling | {\"rope_type\": \"yarn\", \"factor\": 2.0, \"truncate\": false}",
        "gpt2 | scale_attn_by_inverse_layer_idx | true",
        "gpt2 | scale_attn_weights | false",
        "gpt2 | activation_function | \"relu\"",
      })
  void namesTheField(String model, String field, String value) throws IOException {
    Path changed = changed(model, field, Json.parse(value));
    assertThatThrownBy(() -> GgufExport.of(changed).to(folder.resolve("model.gguf")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'" + field + "'");
    assertThat(folder.resolve("model.gguf")).doesNotExist();
  }

  private Path changed(String model, String field, JsonNode value) throws IOException {
    Path copy = GoldenFolders.copy(GoldenFolders.of(model), folder.resolve(model));
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(copy.resolve("config.json")));
    config.set(field, value);
    Files.writeString(copy.resolve("config.json"), Json.compact(config));
    return copy;
  }

  static Stream<Arguments> refusals() {
    return RandomModels.refusals();
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void namesTheFieldThatLlamaCppComputesOtherwise(String model, String fields, String named)
      throws IOException {
    Path checkpoint = randomModel(model, fields);
    Path file = folder.resolve("model.gguf");
    refuses(CheckpointException.class, () -> GgufExport.of(checkpoint).to(file), "'" + named + "'");
    assertThat(file).doesNotExist();
  }

  @Test
  void saysWhatLlamaCppComputesOtherwise() throws IOException {
    Path file = folder.resolve("model.gguf");
    Path grouped =
        randomModel(
            "deepseek_v2",
            "\"topk_method\": \"group_limited_greedy\", \"n_group\": 3, \"topk_group\": 2");
    refuses(
        CheckpointException.class,
        () -> GgufExport.of(grouped).to(file),
        "ranks a group by the sum of its two best experts, this model by its best one");
    Path phi = Path.of("..", "core", "fixtures", "families", "phimoe");
    refuses(
        CheckpointException.class,
        () -> GgufExport.of(phi).to(file),
        "weights the experts of this family by one softmax",
        "SparseMixer");
  }

  @Test
  void refusesWhatLlamaCppHasNoPlaceFor() throws IOException {
    Path untied = randomModel("gemma2", "\"tie_word_embeddings\": false");
    assertThatThrownBy(() -> GgufExport.of(untied).to(folder.resolve("model.gguf")))
        .hasMessageContaining("'tie_word_embeddings'");
    Path narrow = randomModel("qwen2", "\"head_dim\": 32");
    assertThatThrownBy(() -> GgufExport.of(narrow).to(folder.resolve("model.gguf")))
        .hasMessageContaining("'head_dim'");
    Path lengthened =
        randomModel(
            "gemma3",
            "\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"attention_factor\":"
                + " 1.0}");
    assertThatThrownBy(() -> GgufExport.of(lengthened).to(folder.resolve("model.gguf")))
        .hasMessageContaining("'rope_scaling'");
  }

  private Path randomModel(String family, String more) throws IOException {
    return RandomModels.writeUndrawn(family, more, folder.resolve(family));
  }

  @Test
  void takesAModelWithAWindowForTextsWithinIt() throws IOException {
    Path windowed = changed("llama_k", "sliding_window", Json.parse("16"));
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(windowed.resolve("config.json")));
    config.put("model_type", "mistral");
    config.putArray("architectures").add("MistralForCausalLM");
    Files.writeString(windowed.resolve("config.json"), Json.compact(config));
    Path file = folder.resolve("model.gguf");

    assertThatThrownBy(() -> GgufExport.of(windowed).to(file))
        .hasMessageContaining("'sliding_window'")
        .hasMessageContaining("contextLength(16)");
    assertThat(GgufExport.of(windowed).contextLength(16).to(file).file()).exists();
  }

  @Test
  void refusesATokenizerThatLlamaCppDoesNotKnow() throws IOException {
    Path copy = GoldenFolders.copy(GoldenFolders.of("qwen2"), folder.resolve("qwen2"));
    ObjectNode tokenizer =
        (ObjectNode) Json.parse(Files.readString(copy.resolve("tokenizer.json")));
    tokenizer.set(
        "pre_tokenizer",
        Json.parse(
            """
            {"type": "Sequence", "pretokenizers": [
              {"type": "Split", "pattern": {"Regex": "x+"}, "behavior": "Isolated", "invert": false},
              {"type": "ByteLevel", "add_prefix_space": false,
               "trim_offsets": true, "use_regex": false}]}
            """));
    Files.writeString(copy.resolve("tokenizer.json"), Json.compact(tokenizer));

    assertThatThrownBy(() -> GgufExport.of(copy).to(folder.resolve("model.gguf")))
        .hasMessageContaining("pre_tokenizer")
        .hasMessageContaining("preTokenizer(name)");
  }

  @Test
  void refusesAUnigramTokenizerThatCutsOtherwise() throws IOException {
    Path copy = GoldenFolders.copy(GoldenFolders.of("qwen2"), folder.resolve("qwen2"));
    ObjectNode tokenizer =
        (ObjectNode) Json.parse(Files.readString(copy.resolve("tokenizer.json")));
    tokenizer.set(
        "model",
        Json.parse("{\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"<unk>\", 0.0]]}"));
    Files.writeString(copy.resolve("tokenizer.json"), Json.compact(tokenizer));

    assertThatThrownBy(() -> GgufExport.of(copy).to(folder.resolve("model.gguf")))
        .hasMessageContaining("'pre_tokenizer': expected Metaspace or WhitespaceSplit")
        .hasMessageContaining("ByteLevel");
  }

  @Test
  void refusesAModelWithoutATokenizer() throws IOException {
    Path copy = GoldenFolders.copy(GoldenFolders.of("llama_k"), folder.resolve("llama"));
    Files.delete(copy.resolve("tokenizer.json"));
    assertThatThrownBy(() -> GgufExport.of(copy).to(folder.resolve("model.gguf")))
        .hasMessageContaining("tokenizer.json or tokenizer.model");
  }
}
