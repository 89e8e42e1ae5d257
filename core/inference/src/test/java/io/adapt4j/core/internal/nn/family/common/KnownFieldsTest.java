package io.adapt4j.core.internal.nn.family.common;

import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.core.inspect.ModelWarning.Kind;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.Architectures;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every field of a configuration is read, known to have no effect, refused, or reported. */
class KnownFieldsTest {

  private static final JsonNode NONSENSE = JsonNodeFactory.instance.objectNode().put("x", 1);

  /** Objects are read leniently; these fields are not read where another one says the same. */
  private static final Set<String> READ_ON_OCCASION =
      Set.of(
          words(
              "rope_parameters text_config id2label classifier_dropout hidden_act",
              "attention_types attention_layers sliding_window sliding_window_pattern",
              "_sliding_window_pattern max_window_layers partial_rotary_factor rope_theta",
              "embd_pdrop resid_pdrop is_gated_act attn_config normalize_embedding",
              "output_router_logits pos_att_type decoder_bias classifier_bias",
              "classifier_activation classifier_pooling decoder_vocab_size num_experts_per_tok",
              "vocab_size num_decoder_layers tie_word_embeddings"));

  @TempDir private Path temporary;

  @Test
  void everyFamilyHasAList() {
    assertThat(Architectures.modelTypes()).allMatch(type -> KnownFields.of(type).isPresent());
    assertThat(KnownFields.of("no_such_family")).isEmpty();
  }

  @Test
  void everyFieldThatTransformersWritesIsInTheListOfItsFamily() throws Exception {
    for (ModelConfig config : written()) {
      if (Architectures.modelTypes().contains(config.modelType())) {
        KnownFields known = KnownFields.of(config.modelType()).orElseThrow();
        assertThat(config.toJson().properties())
            .as(config.fields().file().toString())
            .filteredOn(field -> !field.getKey().equals("stacked_for_tests"))
            .allMatch(field -> known.mark(field.getKey()).isPresent());
        assertThat(
                Architectures.unknownFields(config)
                    .filter(text -> !text.contains("stacked_for_tests")))
            .as(config.fields().file().toString())
            .isEmpty();
      }
    }
  }

  /** Measured: an object instead of a value is noticed only by who reads it. */
  @Test
  void fieldsThatAreSaidToBeReadAreReadAndTheOthersAreNot() throws Exception {
    Map<String, Set<String>> read = new TreeMap<>();
    Map<String, Set<String>> unread = new TreeMap<>();
    for (ModelConfig config : written()) {
      if (declares(config)) {
        String type = config.modelType();
        for (Map.Entry<String, JsonNode> field : config.toJson().properties()) {
          Map<String, Set<String>> found = notices(config, field.getKey()) ? read : unread;
          found.computeIfAbsent(type, name -> new TreeSet<>()).add(field.getKey());
        }
      }
    }
    read.forEach(
        (type, fields) ->
            assertThat(fields)
                .as(type + ": read, but said to be without effect")
                .noneMatch(field -> isMarked(type, field, KnownFields.Mark.Plain.WITHOUT_EFFECT)));
    unread.forEach(
        (type, fields) ->
            assertThat(fields)
                .as(type + ": said to be read, but not read")
                .filteredOn(field -> !read.get(type).contains(field))
                .filteredOn(field -> !READ_ON_OCCASION.contains(field))
                .noneMatch(field -> isMarked(type, field, KnownFields.Mark.Plain.READ)));
  }

  static Stream<String> published() throws IOException {
    try (InputStream resource =
        KnownFieldsTest.class.getResourceAsStream("/published-configs.jsonl")) {
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8).lines().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("published")
  void aPublishedConfigurationIsReadWithoutAWord(String json) {
    ModelConfig config = ModelConfig.parse(Path.of("published", "config.json"), json);
    Architectures.declare(config).close();
    assertThat(Architectures.unknownFields(config)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          sequences/m2m_100          | num_experts              | 8
          sequences/mt5              | decoder_output_scale     | 0.1
          """)
  void aFieldThatThisBuildWouldHaveToReadIsRefusedByName(String name, String field, String value)
      throws Exception {
    ModelConfig config = config(name);
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> Architectures.declare(config.with(field, Json.parse(value))))
        .withMessageContaining(field)
        .withMessageContaining("config.json");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          families/llama_linear      | rope_interleaved    | false
          families/llama_linear      | attention_scale     | 1.0
          families/llama_linear      | embedding_scale     | null
          families/llama_linear      | new_switch          | false
          families/llama_linear      | max_length          | 20
          families/llama_linear      | auto_map            | {"AutoModel": "x.Y"}
          families/llama_linear      | id2label            | {"0": "a", "1": "b"}
          families/bert_features     | pooler_type         | "first_token_transform"
          families/hunyuan           | num_experts         | 1
          families/phi3              | interpolate_factor  | 1.0
          """)
  void aFieldThatChangesNothingIsReadWithoutAWord(String name, String field, String value)
      throws Exception {
    ModelConfig config = config(name).with(field, Json.parse(value));
    Architectures.declare(config).close();
    if (!field.equals("attention_scale")) {
      assertThat(Architectures.unknownFields(config)).isEmpty();
    }
  }

  @Test
  void aFieldThatNobodyKnowsIsReportedWithItsValue() throws Exception {
    Path folder = folder("families/llama_linear");
    Path copy = Files.createDirectory(temporary.resolve("model"));
    Files.copy(folder.resolve("model.safetensors"), copy.resolve("model.safetensors"));
    ModelConfig config = ModelConfig.read(folder).with("thinking_depth", Json.parse("3"));
    config.save(copy);
    ModelConfig saved = ModelConfig.read(copy);
    Architectures.declare(saved).close();
    assertThat(Architectures.unknownFields(saved)).get().asString().contains("thinking_depth (3)");
    assertThat(ModelInfo.read(copy).warnings())
        .anySatisfy(
            warning -> {
              assertThat(warning.kind()).isEqualTo(Kind.UNKNOWN_FIELDS);
              assertThat(warning.message()).contains("thinking_depth (3)");
            });
  }

  @Test
  void aSettingOfRotaryPositionsThatNobodyKnowsIsReported() throws Exception {
    ModelConfig config =
        config("families/llama_linear")
            .with(
                "rope_scaling", Json.parse("{\"type\": \"linear\", \"factor\": 2, \"turns\": 7}"));
    assertThat(Architectures.unknownFields(config))
        .get()
        .asString()
        .contains("rope_scaling.turns (7)");
  }

  @Test
  void aFieldOfTheTextModelInALargerOneIsReportedToo() throws Exception {
    ModelConfig whole = config("families/gemma3");
    ModelConfig changed =
        whole.with(
            "text_config", whole.text().toJson().put("thinking_depth", 3).put("new_switch", false));
    assertThat(Architectures.unknownFields(changed))
        .get()
        .asString()
        .contains("text_config.thinking_depth (3)")
        .doesNotContain("new_switch");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          cohere2 | sliding_window_pattern | 2
          exaone4 | sliding_window_pattern | 2
          exaone4 | sliding_window_pattern | "LG"
          """)
  void thePatternOfWindowsIsReadWhereNoTypesOfLayersAreStated(
      String name, String field, String value) throws Exception {
    ModelConfig config = config("families/" + name).with("layer_types", Json.parse("null"));
    ModelConfig patterned = config.with(field, Json.parse(value));
    try (var usual = Architectures.declareDecoder(config);
        var other = Architectures.declareDecoder(patterned)) {
      assertThat(other.body().layers().stream().map(layer -> layer.mixer().windows()).toList())
          .isNotEqualTo(
              usual.body().layers().stream().map(layer -> layer.mixer().windows()).toList());
    }
  }

  private static boolean isMarked(String type, String field, KnownFields.Mark mark) {
    return KnownFields.of(type).orElseThrow().mark(field).filter(mark::equals).isPresent();
  }

  private static boolean declares(ModelConfig config) {
    try {
      Architectures.declare(config).close();
      Architectures.dropout(config);
      return true;
    } catch (CheckpointException e) {
      return false;
    }
  }

  private static boolean notices(ModelConfig config, String field) {
    try {
      return !declares(config.with(field, NONSENSE));
    } catch (CheckpointException e) {
      return true;
    }
  }

  /** Configurations of every family as Transformers writes them, without their weights. */
  private static List<ModelConfig> written() throws Exception {
    List<ModelConfig> all = new ArrayList<>();
    for (String root : List.of("families", "sequences")) {
      try (Stream<Path> folders = Files.list(folder(root))) {
        for (Path folder :
            folders.filter(Files::isDirectory).sorted(Comparator.naturalOrder()).toList()) {
          String json = Files.readString(folder.resolve(ModelConfig.FILE));
          all.add(ModelConfig.parse(Path.of("none", folder.getFileName() + "/config.json"), json));
        }
      }
    }
    return all;
  }

  private static ModelConfig config(String name) throws Exception {
    return ModelConfig.parse(
        Path.of("none", "config.json"), Files.readString(folder(name).resolve(ModelConfig.FILE)));
  }

  private static Path folder(String name) throws URISyntaxException {
    return Path.of(
        Objects.requireNonNull(KnownFieldsTest.class.getResource("/" + name), name).toURI());
  }
}
