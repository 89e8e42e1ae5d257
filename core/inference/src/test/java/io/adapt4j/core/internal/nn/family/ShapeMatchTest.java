package io.adapt4j.core.internal.nn.family;

import static io.adapt4j.core.internal.nn.TestNetworks.decoder;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.core.inspect.ModelWarning.Kind;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.method.WeightFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models whose type is not known, but whose tensors and fields may be. */
class ShapeMatchTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "llama_linear, llama, Llama",
    "qwen3_bias, qwen3, Qwen3",
    "mistral_full, llama, Llama",
    "olmo2, olmo2, Olmo2"
  })
  void aKnownFamilyUnderAnotherNameComputesWhatItIs(String name, String type, String classes)
      throws IOException {
    copy(name, "");
    ModelConfig config = ModelConfig.read(folder);
    assertThat(config.modelType()).isEqualTo("acme");
    try (FamilyFolder original = FamilyFolder.open(name);
        Decoder renamed = decoder(folder);
        Decoder plain = decoder(original.path())) {
      assertThat(renamed.modelConfig().modelType()).isEqualTo(type);
      assertThat(renamed.modelConfig().architectures()).containsExactly(classes + "ForCausalLM");
      long[] ids = {1, 5, 9, 7, 3, 11, 8, 6};
      long[] mask = {1, 1, 1, 1, 1, 1, 1, 1};
      Batch inputs = new Batch(ids, mask, ids, 1, 8);
      assertThat(LanguageModelLoss.evaluate(renamed, inputs))
          .isEqualTo(LanguageModelLoss.evaluate(plain, inputs));
    }
    assertThat(ModelInfo.read(folder).warnings())
        .anySatisfy(
            warning -> {
              assertThat(warning.kind()).isEqualTo(Kind.READ_AS_KNOWN_FAMILY);
              assertThat(warning.message()).contains("acme", "those of " + type);
            });
  }

  @Test
  void aFieldThatTheFamilyDoesNotReadIsRefusedByName() throws IOException {
    copy("llama_linear", "\"scale_depth\": 1.4, \"dim_model_base\": 256,");
    assertThatThrownBy(() -> Architectures.declare(ModelConfig.read(folder)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining("nearest to llama, but it states fields")
        .hasMessageContaining("dim_model_base, scale_depth");
    assertThat(ModelInfo.read(folder).warnings())
        .anySatisfy(
            warning -> {
              assertThat(warning.kind()).isEqualTo(Kind.UNSUPPORTED_ARCHITECTURE);
              assertThat(warning.message()).contains("dim_model_base, scale_depth");
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"glm4", "qwen2_moe_stacked", "deepseek_v3", "falcon", "lfm2"})
  void aFamilyThatIsSeldomRenamedIsNamedAndNotTaken(String name) throws IOException {
    copy(name, "");
    String type = name.replace("_stacked", "");
    assertThatThrownBy(() -> Architectures.declare(ModelConfig.read(folder)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("nearest to " + type)
        .hasMessageContaining("set model_type to \"" + type + "\"");
  }

  @Test
  void tensorsThatTheFamilyHasBesideThemAreNamed() throws IOException {
    copy("glm4", "");
    Path config = folder.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replaceFirst("\"num_hidden_layers\": \\d+", "\"num_hidden_layers\": 7"));
    assertThatThrownBy(() -> Architectures.declare(ModelConfig.read(folder)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("nearest to glm4, but it lacks the tensors model.layers.N.")
        .hasMessageNotContaining("set model_type");
  }

  @Test
  void anUnknownTypeWithoutWeightsIsRefusedAsBefore() throws IOException {
    copy("llama_linear", "");
    Files.delete(folder.resolve("model.safetensors"));
    assertThatThrownBy(() -> Architectures.declare(ModelConfig.read(folder)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model_type")
        .hasMessageContaining("acme")
        .hasMessageNotContaining("nearest");
  }

  /** LongCat counts two layers for each that it stores. */
  @Test
  void theFamilyIsRefusedBeforeAFieldThatOnlyItsOwnCodeReads() throws IOException {
    copy("llama_linear", "\"num_layers\": 100,");
    assertThatThrownBy(
            () -> Architectures.declare(StoredModel.read(folder, WeightFormat.asStored()).config()))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("This model family is not supported")
        .hasMessageContaining("found \"acme\"");
  }

  @ParameterizedTest
  @CsvSource({
    "qwen4_next, 'Families of a similar name are qwen3_next, qwen2, qwen2_5_vl, '",
    "lama, 'Families of a similar name are llama.'",
    "mystery_flash, 'not supported. Use a model of a family listed in docs/models.md'"
  })
  void theRefusalBeginsWithTheFamilyAndNamesFewOthers(String type, String said) {
    Path file = Path.of("some", "config.json");
    ModelConfig config = ModelConfig.parse(file, "{\"model_type\": \"%s\"}".formatted(type));
    assertThatThrownBy(() -> Architectures.declare(config))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(
            file + ": field 'model_type': expected a model family that this build reads, found \"")
        .hasMessageContaining(said)
        .satisfies(refusal -> assertThat(refusal.getMessage()).hasSizeLessThan(400));
  }

  private void copy(String name, String fields) throws IOException {
    try (FamilyFolder original = FamilyFolder.open(name)) {
      Files.copy(original.path().resolve("model.safetensors"), folder.resolve("model.safetensors"));
      String config = Files.readString(original.path().resolve("config.json"));
      Files.writeString(
          folder.resolve("config.json"),
          config
              .replaceFirst("\"model_type\": \"\\w+\"", fields + "\"model_type\": \"acme\"")
              .replaceFirst("\"\\w+ForCausalLM\"", "\"AcmeForCausalLM\""));
    }
  }
}
