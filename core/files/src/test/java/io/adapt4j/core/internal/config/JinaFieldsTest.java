package io.adapt4j.core.internal.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configurations of jina-embeddings-v3's remote code. */
class JinaFieldsTest {

  private static final Path FILE = Path.of("some", "config.json");
  private static final String PUBLISHED =
      """
      {"model_type": "xlm-roberta", "architectures": ["XLMRobertaModel"],
       "auto_map": {"AutoModel": "jinaai/xlm-roberta-flash-implementation--x.XLMRobertaLoRA"},
       "position_embedding_type": "rotary", "rotary_emb_base": 20000.0, "hidden_size": 64,
       "num_attention_heads": 4, "vocab_size": 100, "load_trained_adapters": true,
       "lora_adaptations": ["b", "a"], "task_instructions": {"a": "A: ", "b": ""},
       "lora_rank": 4, "lora_alpha": 1, "lora_dropout_p": 0.0, "matryoshka_dimensions": [8, 64],
       "lora_main_params_trainable": false, "truncate_dim": null, "use_reentrant": false}
      """;

  @TempDir private Path folder;

  @Test
  void theyAreTranslatedToThoseOfTransformers() {
    JsonNode own = ModelConfig.parse(FILE, PUBLISHED).toJson();
    assertThat(own.path("model_type").asText()).isEqualTo("jina_embeddings_v3");
    assertThat(own.path("architectures").path(0).asText()).isEqualTo("JinaEmbeddingsV3Model");
    assertThat(own.path("rope_parameters").path("rope_theta").asDouble()).isEqualTo(20_000);
    assertThat(own.path("max_position_embeddings").asInt()).isEqualTo(8194);
    assertThat(own.path("matryoshka_dimensions").size()).isEqualTo(2);
    assertThat(own.properties())
        .extracting(field -> field.getKey())
        .doesNotContain("auto_map", "position_embedding_type", "rotary_emb_base")
        .noneMatch(name -> name.contains("lora") || name.contains("task"));
  }

  @ParameterizedTest
  @CsvSource({
    "XLMRobertaLoRA, JinaEmbeddingsV3Model",
    "XLMRobertaForMaskedLM, JinaEmbeddingsV3ForMaskedLM",
    "XLMRobertaForSequenceClassification, JinaEmbeddingsV3ForSequenceClassification"
  })
  void itsClassesAreThoseOfTransformers(String stated, String translated) {
    String json = PUBLISHED.replace("\"XLMRobertaModel\"", "\"" + stated + "\"");
    assertThat(ModelConfig.parse(FILE, json).architectures()).containsExactly(translated);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "x": 0                                                            | 10000
          "rotary_emb_base": 7.0, "rope_theta": 5.0                         | 7
          "rope_theta": 5.0                                                 | 5
          "rope_parameters": {"rope_theta": 3.0, "rope_type": "default"}    | 3
          """)
  void theBaseOfRotaryPositionsMayHaveANameOfTransformers(String stated, double base) {
    String json = PUBLISHED.replace("\"rotary_emb_base\": 20000.0", stated);
    JsonNode own = ModelConfig.parse(FILE, json).toJson();
    assertThat(own.path("rope_parameters").path("rope_theta").asDouble()).isEqualTo(base);
    assertThat(own.path("rope_theta").asDouble()).isEqualTo(base);
  }

  @Test
  void scaledRotaryPositionsAreRefused() {
    String rope = "\"rope_parameters\": {\"rope_type\": \"yarn\"}";
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(
            () -> ModelConfig.parse(FILE, PUBLISHED.replace("\"rotary_emb_base\": 20000.0", rope)))
        .withMessageContaining("'rope_parameters.rope_type'");
  }

  @Test
  void anXlmRobertaOfAnotherCodeIsAsItWas() {
    ConfigReader fields =
        ConfigReader.parse(
            FILE,
            "{\"model_type\": \"xlm-roberta\", \"position_embedding_type\": \"absolute\","
                + " \"type_vocab_size\": 1}");
    assertThat(JinaFields.translated(fields)).isSameAs(fields);
  }

  /** As in jina-reranker-v2. */
  @Test
  void learnedPositionsAreThoseOfXlmRoberta() {
    JsonNode own =
        ModelConfig.parse(
                FILE,
                """
                {"model_type": "xlm-roberta", "position_embedding_type": "absolute",
                 "architectures": ["XLMRobertaForSequenceClassification"], "emb_pooler": null,
                 "auto_map": {"AutoConfig": "configuration_xlm_roberta.XLMRobertaFlashConfig"},
                 "hidden_size": 64, "num_attention_heads": 4, "vocab_size": 100,
                 "max_position_embeddings": 1026, "use_flash_attn": true}
                """)
            .toJson();
    assertThat(own.path("model_type").asText()).isEqualTo("xlm-roberta");
    assertThat(own.path("position_embedding_type").asText()).isEqualTo("absolute");
    assertThat(own.path("type_vocab_size").asInt()).isEqualTo(1);
    assertThat(own.path("layer_norm_eps").asDouble()).isEqualTo(1e-5);
    assertThat(own.properties())
        .extracting(field -> field.getKey())
        .doesNotContain("auto_map", "emb_pooler", "use_flash_attn", "rope_parameters");
  }

  @Test
  void adaptersOfTasksWithLearnedPositionsAreRefused() {
    String json =
        PUBLISHED
            .replace("\"rotary\"", "\"absolute\"")
            .replace("\"AutoModel\"", "\"AutoConfig\"")
            .replace("XLMRobertaLoRA", "XLMRobertaFlashConfig");
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> ModelConfig.parse(FILE, json))
        .withMessageContaining("'position_embedding_type'");
  }

  @Test
  void adaptersAreInTheOrderOfTheirNames() throws IOException {
    Files.writeString(folder.resolve("config.json"), PUBLISHED);
    TaskAdapters adapters = TaskAdapters.in(folder).orElseThrow();
    assertThat(adapters.names()).isEqualTo(List.of("b", "a"));
    assertThat(adapters.instructions()).containsEntry("a", "A: ").containsEntry("b", "");
    assertThat(adapters.factor()).isEqualTo(0.25);
  }

  @Test
  void aModelOfAnotherKindHasNone() throws IOException {
    assertThat(TaskAdapters.in(folder)).isEmpty();
    Files.writeString(folder.resolve("config.json"), "{\"lora_adaptations\": [\"a\"]}");
    assertThat(TaskAdapters.in(folder)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          rotary_emb_dim          | 8
          rotary_emb_interleaved  | true
          rotary_emb_scale_base   | 512
          rotary_emb_base         | 0
          rope_scaling            | {"type": "linear", "factor": 2}
          last_layer_subset       | true
          pad_vocab_size_multiple | 8
          emb_pooler              | "cls"
          truncate_dim            | 8
          load_trained_adapters   | false
          lora_adaptations        | []
          lora_adaptations        | ["a", "b", "a"]
          lora_rank               | 0
          lora_alpha              | 0
          task_instructions       | {"a": "", "b": "", "c": ""}
          """)
  void whatWouldComputeSomethingElseIsRefusedByName(String field, String value) throws IOException {
    ObjectNode fields = (ObjectNode) Json.parse(PUBLISHED);
    fields.set(field, Json.parse(value));
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> ModelConfig.parse(FILE, fields.toString()))
        .withMessageContaining(FILE.toString())
        .withMessageContaining("'" + field + "'");
  }
}
