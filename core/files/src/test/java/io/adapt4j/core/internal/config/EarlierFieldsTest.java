package io.adapt4j.core.internal.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EarlierFieldsTest {

  private static final Path FILE = Path.of("some", "config.json");

  @Test
  void aFileOfVersionFourIsAsItWas() {
    ConfigReader fields =
        ConfigReader.parse(FILE, "{\"model_type\": \"llama\", \"rope_theta\": 5.0}");
    assertThat(EarlierFields.added(fields)).isSameAs(fields);
  }

  @Test
  void rotaryParametersAreStatedUnderTheEarlierNamesToo() {
    JsonNode both =
        added(
            """
            {"model_type": "llama", "partial_rotary_factor": 0.25, "rope_parameters":
              {"rope_type": "yarn", "rope_theta": 5.0, "factor": 4.0, "partial_rotary_factor": 0.5}}
            """);
    assertThat(both.path("rope_theta").asDouble()).isEqualTo(5);
    assertThat(both.path("partial_rotary_factor").asDouble()).isEqualTo(0.5);
    assertThat(both.path("rope_scaling").toString())
        .isEqualTo("{\"rope_type\":\"yarn\",\"factor\":4.0}");
  }

  /** Of gpt-oss, where an absent field means a scaling. */
  @Test
  void noScalingIsStatedAsNull() {
    JsonNode both =
        added(
            """
            {"model_type": "gpt_oss", "rope_parameters": {"rope_type": "default", "rope_theta": 5.0}}
            """);
    assertThat(both.get("rope_scaling").isNull()).isTrue();
  }

  @Test
  void theTextModelOfAWholeHasThemToo() {
    JsonNode both =
        added(
            """
            {"model_type": "gemma3", "text_config": {"rope_parameters": {
              "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 5.0},
              "sliding_attention": {"rope_type": "default", "rope_theta": 3.0}}}}
            """);
    assertThat(both.path("text_config").path("rope_theta").asDouble()).isEqualTo(5);
    assertThat(both.path("text_config").path("rope_local_base_freq").asDouble()).isEqualTo(3);
    assertThat(both.path("text_config").path("rope_scaling").path("factor").asDouble())
        .isEqualTo(8);
  }

  /** Where layers with a window are stretched too, version 4 has no word for it. */
  @Test
  void whatVersionFourCannotSayIsLeftOut() {
    JsonNode both =
        added(
            """
            {"model_type": "olmo3", "rope_parameters": {
              "full_attention": {"rope_type": "default", "rope_theta": 5.0},
              "sliding_attention": {"rope_type": "default", "rope_theta": 3.0}}}
            """);
    assertThat(both.has("rope_theta")).isFalse();
    JsonNode phi =
        added(
            """
            {"model_type": "phi3", "rope_parameters": {"rope_type": "longrope", "rope_theta": 5.0,
              "attention_factor": 1.5, "short_factor": [1.0], "long_factor": [2.0]}}
            """);
    assertThat(phi.has("rope_scaling")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2_moe", "qwen3_moe", "qwen3_next", "olmoe"})
  void theNumberOfExpertsHasBothNames(String family) {
    JsonNode both = added("{\"model_type\": \"%s\", \"num_local_experts\": 6}".formatted(family));
    assertThat(both.path("num_experts").asInt()).isEqualTo(6);
    assertThat(both.path("num_local_experts").asInt()).isEqualTo(6);
  }

  @Test
  void namesOfOneNumberMustAgree() {
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(
            () ->
                added(
                    """
                    {"model_type": "qwen3_moe", "num_experts": 4, "num_local_experts": 6}
                    """))
        .withMessageContaining("config.json: field 'num_local_experts'")
        .withMessageContaining("num_experts 4");
  }

  @Test
  void infiniteNumbersAreReadWhereAFieldMayBeInfinite() {
    ConfigReader fields =
        ConfigReader.parse(
            FILE,
            """
            {"limits": [0.0, {"__float__": "Infinity"}, {"__float__": "-Infinity"},
              {"__float__": "NaN"}, {"__float__": "ten"}], "rate": {"__float__": "Infinity"}}
            """);
    assertThat(fields.numberAt("limits", 1)).hasValue(Double.POSITIVE_INFINITY);
    assertThat(fields.numberAt("limits", 2)).hasValue(Double.NEGATIVE_INFINITY);
    for (int wrong : new int[] {3, 4}) {
      assertThatExceptionOfType(CheckpointException.class)
          .isThrownBy(() -> fields.numberAt("limits", wrong))
          .withMessageContaining("field 'limits': expected an array of numbers");
    }
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> fields.positiveNumber("rate", 1))
        .withMessageContaining("field 'rate': expected a finite number");
  }

  /** Whoever reads the field reports what is wrong with it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"rope_parameters\": 7",
        "\"rope_parameters\": {}",
        "\"rope_parameters\": {\"rope_type\": [], \"rope_theta\": \"many\"}",
        "\"rope_parameters\": {\"full_attention\": {}}, \"layer_types\": {\"a\": 1}",
        "\"rope_parameters\": {\"full_attention\": {}}, \"layer_types\": [7, null]",
        "\"rope_parameters\": {\"sliding_attention\": {}}, \"layer_types\": \"all\""
      })
  void fieldsOfOtherTypesAreLeftToTheirReaders(String fields) {
    for (String family : new String[] {"llama", "modernbert", "gemma3_text", "olmo3", "phi3"}) {
      String json = "{\"model_type\": \"%s\", %s}".formatted(family, fields);
      assertThat(added(json).path("model_type").asText()).isEqualTo(family);
    }
  }

  private static JsonNode added(String json) {
    return EarlierFields.added(ConfigReader.parse(FILE, json)).json();
  }
}
