package io.adapt4j.core.internal.config;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderConfigTest {

  private static final String MINIMAL =
      "{\"model_type\": \"llama\", \"hidden_size\": 64, \"intermediate_size\": 96,"
          + " \"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"vocab_size\": 160}";

  @Test
  void readsALlamaFile() throws IOException {
    assertThat(decoder(resource("llama.json")))
        .isEqualTo(
            new DecoderConfig(
                64,
                96,
                2,
                4,
                2,
                16,
                160,
                256,
                1e-5,
                "silu",
                false,
                false,
                false,
                10_000,
                new RopeScaling.Llama3(8, 1, 4, 64),
                16));
  }

  @Test
  void readsBiasesTiedEmbeddingsAndItsOwnHeadWidth() throws IOException {
    DecoderConfig config = decoder(resource("llama_tied.json"));
    assertThat(config.headDim()).isEqualTo(20);
    assertThat(config.attentionBias()).isTrue();
    assertThat(config.mlpBias()).isTrue();
    assertThat(config.tieWordEmbeddings()).isTrue();
    assertThat(config.ropeTheta()).isEqualTo(500_000);
    assertThat(config.ropeScaling()).isEqualTo(new RopeScaling.Default());
  }

  @Test
  void takesTheFamilysDefaultsForMissingFields() {
    assertThat(decoder(MINIMAL))
        .isEqualTo(
            new DecoderConfig(
                64,
                96,
                2,
                4,
                4,
                16,
                160,
                2048,
                1e-6,
                "silu",
                false,
                false,
                false,
                10_000,
                new RopeScaling.Default(),
                16));
    DecoderConfig.Defaults gemma =
        new DecoderConfig.Defaults(
            8192, 1e-6, "gelu_pytorch_tanh", true, 10_000, OptionalInt.empty());
    DecoderConfig other = DecoderConfig.from(parse(MINIMAL), gemma);
    assertThat(other.tieWordEmbeddings()).isTrue();
    assertThat(other.hiddenActivation()).isEqualTo("gelu_pytorch_tanh");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"llama", "llama_tied", "llama_sharded", "llama_bf16", "mistral", "qwen2", "qwen3"})
  void readsReferenceFilesOfLlamaLikeFamilies(String model) {
    ModelConfig config = ModelConfig.read(Golden.folder("models/" + model));
    DecoderConfig decoder = DecoderConfig.from(config, DecoderConfig.Defaults.LLAMA);
    assertThat(decoder.vocabSize()).isEqualTo(160);
    assertThat(RotaryFrequencies.of(decoder).rotaryDim()).isEqualTo(decoder.headDim());
  }

  @Test
  void readsEveryRotaryScaling() throws IOException {
    assertThat(scaling("null")).isEqualTo(new RopeScaling.Default());
    assertThat(scaling("{\"rope_type\": \"default\"}")).isEqualTo(new RopeScaling.Default());
    assertThat(scaling("{\"type\": \"linear\", \"factor\": 2}"))
        .isEqualTo(new RopeScaling.Linear(2));
    assertThat(scaling("{\"type\": \"linear\", \"rope_type\": \"dynamic\", \"factor\": 2.5}"))
        .isEqualTo(new RopeScaling.Dynamic(2.5));
    assertThat(scaling("{\"rope_type\": \"yarn\", \"factor\": 4.0, \"beta_slow\": null}"))
        .isEqualTo(
            new RopeScaling.Yarn(
                OptionalDouble.of(4),
                OptionalInt.empty(),
                OptionalDouble.empty(),
                32,
                1,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                true));
    assertThat(
            scaling(
                "{\"rope_type\": \"yarn\", \"original_max_position_embeddings\": 64,"
                    + " \"attention_factor\": 1.5, \"beta_fast\": 16, \"beta_slow\": 2,"
                    + " \"mscale\": 0.7, \"mscale_all_dim\": 0, \"truncate\": false}"))
        .isEqualTo(
            new RopeScaling.Yarn(
                OptionalDouble.empty(),
                OptionalInt.of(64),
                OptionalDouble.of(1.5),
                16,
                2,
                OptionalDouble.of(0.7),
                OptionalDouble.empty(),
                false));
  }

  @Test
  void readsRotaryParametersAsNewerFilesHaveThem() throws IOException {
    DecoderConfig config =
        decoder(
            with(
                "rope_parameters",
                "{\"rope_theta\": 5e5, \"rope_type\": \"linear\", \"factor\": 2.0,"
                    + " \"partial_rotary_factor\": 0.5}"));
    assertThat(config.ropeTheta()).isEqualTo(500_000);
    assertThat(config.ropeScaling()).isEqualTo(new RopeScaling.Linear(2));
    assertThat(config.rotaryDim()).isEqualTo(8);
    assertThat(decoder(with("rope_parameters", "{\"rope_theta\": 7}")).ropeScaling())
        .isEqualTo(new RopeScaling.Default());
    assertThat(decoder(with("partial_rotary_factor", "0.25")).rotaryDim()).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          hidden_size           | null     | 'hidden_size': expected a positive integer, found null
          hidden_size           | "64"     | 'hidden_size'
          hidden_size           | 66       | 'head_dim'
          vocab_size            | 0        | 'vocab_size': expected a positive integer, found 0
          num_hidden_layers     | -1       | 'num_hidden_layers'
          num_key_value_heads   | 3        | 'num_key_value_heads': expected a divisor of num_attention_heads 4
          head_dim              | 15       | 'head_dim'
          head_dim              | 0        | 'head_dim'
          rms_norm_eps          | 0        | 'rms_norm_eps'
          rms_norm_eps          | NaN      | 'rms_norm_eps'
          rope_theta            | -1       | 'rope_theta'
          mlp_bias              | "no"     | 'mlp_bias': expected true or false
          hidden_act            | 1        | 'hidden_act'
          partial_rotary_factor | 1.5      | 'partial_rotary_factor'
          partial_rotary_factor | 0.01     | 0 of 16 would be rotated
          rope_scaling          | "linear" | 'rope_scaling': expected an object
          rope_scaling          | {}       | 'rope_scaling.rope_type'
          rope_scaling          | {"rope_type": "spiral"} | 'spiral'
          rope_scaling          | {"type": "su"}            | 'rope_scaling.short_factor'
          rope_scaling          | {"type": "linear"}        | 'rope_scaling.factor': expected a positive number, found nothing
          rope_scaling          | {"type": "linear", "factor": 0} | 'rope_scaling.factor'
          rope_scaling          | {"type": "yarn"}          | 'rope_scaling.factor'
          rope_scaling          | {"type": "yarn", "factor": 2, "attention_factor": -1} | attention_factor
          rope_scaling          | {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4, "original_max_position_embeddings": 64} | 'rope_scaling.high_freq_factor'
          rope_parameters       | {"full_attention": {"rope_type": "default"}, "sliding_attention": {"rope_theta": 7}} | 'rope_parameters.sliding_attention'
          """)
  void namesTheFieldThatIsWrong(String field, String value, String complaint) throws IOException {
    String json = with(field, value);
    refuses(CheckpointException.class, () -> decoder(json), "some/config.json: field", complaint);
  }

  private static RopeScaling scaling(String json) throws IOException {
    return decoder(with("rope_scaling", json)).ropeScaling();
  }

  private static String with(String field, String value) throws IOException {
    ObjectNode json = (ObjectNode) Json.parse(MINIMAL);
    json.set(field, Json.parse(value));
    return Json.indented(json);
  }

  private static DecoderConfig decoder(String json) {
    return DecoderConfig.from(parse(json), DecoderConfig.Defaults.LLAMA);
  }

  private static ModelConfig parse(String json) {
    return ModelConfig.parse(Path.of("some", "config.json"), json);
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = DecoderConfigTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
