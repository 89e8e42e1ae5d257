package io.adapt4j.core.internal.config;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.StoredType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigTest {

  @TempDir Path folder;

  @Test
  void readsWhatAllFamiliesShare() {
    ModelConfig config =
        parse(
            """
            {"model_type": "llama", "architectures": ["LlamaForCausalLM"],
             "torch_dtype": "bfloat16", "bos_token_id": 1, "eos_token_id": [2, 5],
             "pad_token_id": -1, "odd_field": {"x": 1}}
            """);
    assertThat(config.modelType()).isEqualTo("llama");
    assertThat(config.architectures()).containsExactly("LlamaForCausalLM");
    assertThat(config.dtype()).contains(StoredType.BF16);
    assertThat(config.bosTokenId()).hasValue(1);
    assertThat(config.eosTokenIds()).containsExactly(2, 5);
    assertThat(config.padTokenId()).isEmpty();
    assertThat(config.fields().child("odd_field").orElseThrow().requirePositiveInt("x"))
        .isEqualTo(1);
  }

  @Test
  void absentAndNullFieldsAreEmpty() {
    ModelConfig config = parse("{\"model_type\": \"x\", \"eos_token_id\": null, \"dtype\": null}");
    assertThat(config.architectures()).isEmpty();
    assertThat(config.dtype()).isEmpty();
    assertThat(config.eosTokenIds()).isEmpty();
    assertThat(config.bosTokenId()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "float32,F32",
    "float16,F16",
    "bfloat16,BF16",
    "torch.float16,F16",
    "float64,F64",
  })
  void understandsTheSpellingsOfDtype(String spelling, StoredType type) {
    assertThat(parse("{\"model_type\": \"x\", \"dtype\": \"" + spelling + "\"}").dtype())
        .contains(type);
  }

  @Test
  void readsEveryReferenceFile() throws IOException {
    try (Stream<Path> models = Files.list(Golden.folder("models"))) {
      assertThat(models)
          .isNotEmpty()
          .allSatisfy(
              model -> {
                ModelConfig config = ModelConfig.read(model);
                assertThat(config.dtype()).isPresent();
                assertThat(GenerationDefaults.read(model, config).padTokenId()).hasValue(0);
              });
    }
  }

  @Test
  void writesBackEveryFieldAndTheChangedOnes() throws IOException {
    String json =
        "{\"zzz\":[1,{\"deep\":null}],\"model_type\":\"llama\",\"eps\":1e-05,"
            + "\"limit\":Infinity,\"torch_dtype\":\"float32\",\"rope_theta\":10000.0}";
    ModelConfig config = parse(json);
    config.withTieWordEmbeddings(false).withDtype(StoredType.BF16).save(folder);
    ModelConfig saved = ModelConfig.read(folder);
    ObjectNode expected = (ObjectNode) Json.parse(json);
    expected.put("torch_dtype", "bfloat16").put("tie_word_embeddings", false);
    assertThat(saved.toJson()).isEqualTo(expected);
    assertThat(saved.toJson().properties().iterator().next().getKey()).isEqualTo("zzz");
    assertThat(Files.readString(folder.resolve("config.json")))
        .contains("\"rope_theta\": 10000.0", "\"limit\": Infinity")
        .endsWith("}\n");
    assertThat(config.toJson().has("tie_word_embeddings")).isFalse();
  }

  @Test
  void changingTheCopyChangesNothing() {
    ModelConfig config = parse("{\"model_type\": \"x\"}");
    config.toJson().put("model_type", "y");
    config.fields().json().removeAll();
    assertThat(config.fields().requireText("model_type")).isEqualTo("x");
    refuses(IllegalArgumentException.class, () -> config.withDtype(StoredType.U8), "U8");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          ~~                                                       | a JSON object, found nothing
          []                                                       | a JSON object
          {"a": }                                                  | not valid JSON at line 1
          {"model_type": "x"} {}                                   | not valid JSON
          {}                                                       | field 'model_type'
          {"model_type": 3}                                        | field 'model_type': expected a text, found 3
          {"model_type": "x", "architectures": "LlamaForCausalLM"} | field 'architectures'
          {"model_type": "x", "dtype": "int4"}                     | field 'dtype'
          {"model_type": "x", "torch_dtype": 16}                   | field 'torch_dtype'
          {"model_type": "x", "eos_token_id": [1, "a"]}            | field 'eos_token_id'
          {"model_type": "x", "eos_token_id": -2}                  | field 'eos_token_id'
          {"model_type": "x", "bos_token_id": 1.5}                 | field 'bos_token_id'
          {"model_type": "x", "bos_token_id": 99999999999}         | field 'bos_token_id'
          {"model_type": "x", "quantization_config": {"bits": 4}}  | field 'quantization_config'
          """)
  void refusesWhatItCannotUse(String json, String complaint) {
    refuses(CheckpointException.class, () -> parse(json), "some/config.json: ", complaint);
  }

  @Test
  void namesTheFileThatIsMissing() {
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> ModelConfig.read(folder))
        .withMessageContaining(folder.resolve("config.json").toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "[7]"})
  void generationDefaultsComeFromTheirFileFirst(String eos) throws IOException {
    ModelConfig config =
        parse("{\"model_type\": \"x\", \"eos_token_id\": [2, 5], \"pad_token_id\": 0}");
    assertThat(GenerationDefaults.read(folder, config))
        .isEqualTo(new GenerationDefaults(OptionalInt.empty(), List.of(2, 5), OptionalInt.of(0)));
    Files.writeString(
        folder.resolve("generation_config.json"),
        "{\"eos_token_id\": " + eos + ", \"bos_token_id\": 1}");
    assertThat(GenerationDefaults.read(folder, config))
        .isEqualTo(new GenerationDefaults(OptionalInt.of(1), List.of(7), OptionalInt.empty()));
  }

  private static ModelConfig parse(String json) {
    return ModelConfig.parse(Path.of("some", "config.json"), json);
  }
}
