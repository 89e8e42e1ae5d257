package io.adapt4j.core.spi;

import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Models of families from outside. */
class ModelFamilyTest {

  private static final String SIZES =
      """
      "vocab_size": 512, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4,
      "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
      "head_dim": 8, "bos_token_id": 1, "eos_token_id": 2
      """;

  /** Families of this build, and what another says to be the same. */
  @SuppressWarnings("ImmutableEnumChecker") // the declarations have no state
  enum Same {
    LLAMA("llama", "\"hidden_act\": \"gelu\", \"rope_theta\": 5000", (config, decoder) -> {}),
    GEMMA3(
        "gemma3_text",
        "\"query_pre_attn_scalar\": 12, \"sliding_window\": 3, \"final_logit_softcapping\": 2.5",
        (config, decoder) ->
            decoder
                .defaultActivation("gelu_pytorch_tanh")
                .defaultTiedEmbeddings(true)
                .defaultRotaryBase(1e6)
                .norms(DecoderBuilder.Norms.BEFORE_AND_AFTER)
                .normOffset(1)
                .queryKeyNorms(DecoderBuilder.QueryKeyNorms.PER_HEAD)
                .embeddingScale(Math.sqrt(32))
                .attentionScale(1 / Math.sqrt(config.number("query_pre_attn_scalar").orElseThrow()))
                .logitSoftCap(config.number("final_logit_softcapping").orElse(0))
                .window(layer -> config.integer("sliding_window").orElse(0))
                .localRotaryBase(1e4, layer -> true)),
    GEMMA2(
        "gemma2",
        "\"attn_logit_softcapping\": 0.01, \"query_pre_attn_scalar\": 12",
        (config, decoder) ->
            decoder
                .defaultActivation("gelu_pytorch_tanh")
                .defaultTiedEmbeddings(true)
                .norms(DecoderBuilder.Norms.BEFORE_AND_AFTER)
                .normOffset(1)
                .embeddingScale(Math.sqrt(32))
                .attentionScale(1 / Math.sqrt(12))
                .attentionSoftCap(0.01)
                .logitSoftCap(30)
                .window(layer -> layer % 2 == 0 ? 4096 : 0)),
    OLMO2(
        "olmo2",
        "\"rms_norm_eps\": 1e-5",
        (config, decoder) ->
            decoder
                .norms(DecoderBuilder.Norms.AFTER)
                .queryKeyNorms(DecoderBuilder.QueryKeyNorms.FULL_WIDTH)),
    GRANITE(
        "granite",
        "\"embedding_multiplier\": 3, \"attention_multiplier\": 0.4,"
            + " \"residual_multiplier\": 0.5, \"logits_scaling\": 2",
        (config, decoder) ->
            decoder.embeddingScale(3).attentionScale(0.4).residualScale(0.5).logitScale(0.5)),
    PHI3(
        "phi3",
        "\"rms_norm_eps\": 1e-5, \"pad_token_id\": 0",
        (config, decoder) -> decoder.fusedProjections()),
    SMOLLM3(
        "smollm3",
        "\"rope_theta\": 2000000, \"tie_word_embeddings\": false",
        (config, decoder) -> decoder.withoutRotary(layer -> layer % 4 == 3));

    private final String type;
    private final String fields;
    private final BiConsumer<ConfigFields, DecoderBuilder> declaration;

    Same(String type, String fields, BiConsumer<ConfigFields, DecoderBuilder> declaration) {
      this.type = type;
      this.fields = fields;
      this.declaration = declaration;
    }

    String config(String modelType) {
      return """
          {"model_type": "%s", "architectures": ["OwnForCausalLM"], %s, %s}
          """
          .formatted(modelType, fields, SIZES);
    }
  }

  /** The family that a test brings. */
  public static final class Own implements ModelFamily {

    private static Set<String> types = Set.of();
    private static Set<String> features = Set.of();
    private static BiConsumer<ConfigFields, DecoderBuilder> declaration = (config, decoder) -> {};

    @Override
    public Set<String> modelTypes() {
      return types;
    }

    @Override
    public Set<String> features() {
      return features;
    }

    @Override
    public void declare(ConfigFields config, DecoderBuilder decoder) {
      declaration.accept(config, decoder);
    }
  }

  @TempDir private Path folder;
  private ClassLoader outer;
  private URLClassLoader withFamily;
  private long before;

  @BeforeEach
  void bring() throws IOException {
    Path services = Files.createDirectories(folder.resolve("jar/META-INF/services"));
    Files.writeString(services.resolve(ModelFamily.class.getName()), Own.class.getName());
    outer = Thread.currentThread().getContextClassLoader();
    URL[] jar = {folder.resolve("jar").toUri().toURL()};
    withFamily = new URLClassLoader(jar, outer);
    Thread.currentThread().setContextClassLoader(withFamily);
    Own.types = Set.of("own");
    Own.features = Set.of();
    Own.declaration = (config, decoder) -> {};
    before = Tensor.live();
  }

  @AfterEach
  void takeAway() throws IOException {
    Thread.currentThread().setContextClassLoader(outer);
    withFamily.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static List<Double> scores(Path model) {
    try (LanguageModel loaded = LanguageModel.load(ModelSource.path(model), Precision.FP32)) {
      return loaded
          .score("Once upon a time there was", " a big red ball and a car")
          .logProbabilities();
    }
  }

  private Path own(String config) throws IOException {
    Path model = SmallModel.write(folder.resolve("model"), Same.LLAMA.config("llama"));
    Files.writeString(model.resolve("config.json"), config);
    return model;
  }

  @ParameterizedTest
  @EnumSource(Same.class)
  void aFamilyThatSaysTheSameScoresTheSameToTheBit(Same same) throws IOException {
    Path model = SmallModel.write(folder.resolve("model"), same.config(same.type));
    List<Double> expected = scores(model);
    Files.writeString(model.resolve("config.json"), same.config("own"));
    Own.features =
        Set.of(
            words(
                "query_pre_attn_scalar sliding_window final_logit_softcapping",
                "attn_logit_softcapping embedding_multiplier attention_multiplier",
                "residual_multiplier logits_scaling"));
    Own.declaration = same.declaration;
    assertThat(scores(model)).isEqualTo(expected);
  }

  @Test
  void aFieldThatTheFamilyDoesNotReadIsRefused() throws IOException {
    Path model = own(Same.GRANITE.config("own"));
    assertThatThrownBy(() -> scores(model))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("field 'attention_multiplier'")
        .hasMessageContaining("a model of type own");
  }

  @Test
  void aFieldOfAnotherTypeIsNamedWithItsFile() throws IOException {
    Path model = own(Same.LLAMA.config("own").replace("{\"model", "{\"depth\": \"x\", \"model"));
    Own.declaration = (config, decoder) -> decoder.normOffset(config.number("depth").orElse(0));
    assertThatThrownBy(() -> scores(model))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: field 'depth': expected a finite number, found \"x\"");
  }

  @Test
  void aValueOutOfRangeIsNamedByItsMethod() throws IOException {
    Path model = own(Same.LLAMA.config("own"));
    Own.declaration = (config, decoder) -> decoder.logitScale(0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> scores(model))
        .withMessage("logitScale: expected a finite number above 0, found 0.0");
  }

  @Test
  void theFieldsOfAConfigurationAreRead() throws IOException {
    Path model =
        own(
            Same.LLAMA
                .config("own")
                .replace(
                    "{\"model",
                    "{\"names\": [\"a\"], \"numbers\": [1, 2], \"inner\": {\"on\": true},"
                        + " \"nothing\": null, \"model"));
    Own.declaration =
        (config, decoder) -> {
          assertThat(config.texts("names")).containsExactly("a");
          assertThat(config.integers("numbers")).containsExactly(1, 2);
          assertThat(config.object("inner").orElseThrow().flag("on")).contains(true);
          assertThat(config.has("nothing")).isFalse();
          assertThat(config.text("nothing")).isEmpty();
          throw config.invalid("model_type", "another", "Choose one.");
        };
    assertThatThrownBy(() -> scores(model))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("field 'model_type': expected another, found \"own\". Choose one.");
  }

  @Test
  void aTypeOfAnotherFamilyIsRefused() {
    Own.types = Set.of("llama");
    assertThatIllegalStateException()
        .isThrownBy(Architectures::modelTypes)
        .withMessage(
            Own.class.getName() + ": expected a model_type that no other family has, found llama");
  }
}
