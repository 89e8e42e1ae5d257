package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.TensorSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings that a file says in its own way, there and back. */
class FileSettingsTest {

  @TempDir private Path folder;

  @BeforeEach
  void keepFilesHere() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
  }

  private Path exported(Path model) {
    return exported(model, GgufQuantization.F32);
  }

  private Path exported(Path model, GgufQuantization type) {
    Path file = folder.resolve("model.gguf");
    GgufExport.of(model).preTokenizer(RandomModels.preTokenizer()).type(type).to(file);
    return file;
  }

  private static JsonNode read(Path file, String name) throws IOException {
    return Json.parse(Files.readString(ModelSource.path(file).folder().resolve(name)));
  }

  private static GgufMetadata metadata(Path file) {
    try (GgufFile opened = GgufFile.open(file)) {
      return opened.metadata();
    }
  }

  private Path model(String name, String field, String value) throws IOException {
    Path model = RandomModels.write(name, folder.resolve(name));
    set(model.resolve("config.json"), field, value);
    return model;
  }

  private static void set(Path file, String field, String value) throws IOException {
    ObjectNode fields =
        Files.exists(file)
            ? (ObjectNode) Json.parse(Files.readString(file))
            : (ObjectNode) Json.parse("{}");
    fields.set(field, Json.parse(value));
    Files.writeString(file, Json.compact(fields));
  }

  @ParameterizedTest
  @CsvSource({
    "gpt_neox, hidden_act, gelu, false",
    "gpt_neox, hidden_act, gelu_new, true",
    "gpt2, activation_function, gelu_new, false",
    "gpt2, activation_function, gelu, true",
    "gemma2, hidden_activation, gelu_pytorch_tanh, false",
    "gemma2, hidden_activation, gelu, true",
  })
  void theKindOfGeluHasAKeyOnlyWhereItIsNotTheUsualOne(
      String family, String field, String activation, boolean written) throws IOException {
    Path file = exported(model(family, field, '"' + activation + '"'));
    assertThat(metadata(file).string("adapt4j.activation").isPresent()).isEqualTo(written);
    assertThat(read(file, "config.json").path(field).asText()).isEqualTo(activation);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"attention_factor\": 1.5", "\"mscale\": 2.0, \"mscale_all_dim\": 0.5"})
  void theLengthOfRotatedVectorsComesBack(String stated) throws IOException {
    Path model =
        model(
            "llama",
            "rope_scaling",
            """
            {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, %s}
            """
                .formatted(stated));
    Path file = exported(model);
    double expected = stated.contains("mscale") ? 1.2772588722239782 / 1.0693147180559945 : 1.5;
    double found =
        read(file, "config.json").path("rope_scaling").path("attention_factor").asDouble();
    assertThat(found).isCloseTo(expected, within(1e-6));
    assertThat(metadata(file).number("llama.rope.scaling.attn_factor").getAsDouble())
        .isCloseTo(expected / 1.138629436111989, within(1e-6));
  }

  /** llama.cpp finds common ones by their texts, so files do not name them. */
  @Test
  void tokensThatEndAnAnswerAreNamedWhereTheyAreNotCommon() throws IOException {
    Path model = RandomModels.write("qwen2", folder.resolve("qwen2"));
    Path tokenizer = model.resolve("tokenizer.json");
    ObjectNode fields = (ObjectNode) Json.parse(Files.readString(tokenizer));
    List<Integer> added = new ArrayList<>();
    for (JsonNode token : fields.path("added_tokens")) {
      added.add(token.path("id").asInt());
    }
    assertThat(added).hasSizeGreaterThan(2);
    int end = added.get(0);
    int other = added.get(1);
    rename(fields, end, "<|eom_id|>");
    rename(fields, other, "<over>");
    Files.writeString(tokenizer, Json.compact(fields));
    set(
        model.resolve("tokenizer_config.json"),
        "eos_token",
        '"' + fields.path("added_tokens").path(2).path("content").asText() + '"');
    set(
        model.resolve("generation_config.json"),
        "eos_token_id",
        List.of(added.get(2), end, other).toString());

    Path file = exported(model);
    assertThat(metadata(file).integer("tokenizer.ggml.eos_token_id")).hasValue(added.get(2));
    assertThat(metadata(file).integer("tokenizer.ggml.eot_token_id")).hasValue(other);
    assertThat(metadata(file).keys().contains("tokenizer.ggml.eom_token_id")).isFalse();
    List<Integer> found = new ArrayList<>();
    read(file, "generation_config.json").path("eos_token_id").forEach(id -> found.add(id.asInt()));
    assertThat(found).contains(added.get(2), end, other);
  }

  private static void rename(ObjectNode tokenizer, int id, String text) {
    for (JsonNode token : tokenizer.path("added_tokens")) {
      if (token.path("id").asInt() == id) {
        ((ObjectNode) token).put("content", text).put("special", true);
      }
    }
  }

  /** Gives a file other keys. */
  private static void change(Path file, UnaryOperator<GgufMetadata.Builder> change)
      throws IOException {
    Path changed = file.resolveSibling("changed.gguf");
    try (GgufFile opened = GgufFile.open(file)) {
      List<TensorSource> tensors = new ArrayList<>();
      for (GgufTensor tensor : opened.tensors().values()) {
        tensors.add(new CopiedTensor(opened, tensor));
      }
      GgufWriter.write(changed, change.apply(opened.metadata().toBuilder()).build(), tensors);
    }
    Files.move(changed, file, StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void aFileOfOlmo2WithWindowsIsOneOfOlmo3() throws IOException {
    Path file = exported(RandomModels.write("olmo2", folder.resolve("olmo2")));
    assertThat(read(file, "config.json").path("model_type").asText()).isEqualTo("olmo2");
    change(file, metadata -> metadata.uint32("olmo2.attention.sliding_window", 8));
    JsonNode config = read(file, "config.json");
    assertThat(config.path("model_type").asText()).isEqualTo("olmo3");
    assertThat(config.path("sliding_window").asInt()).isEqualTo(8);
  }

  @Test
  void aVocabularyOfAnotherKindIsRefused() throws IOException {
    Path file = exported(RandomModels.write("qwen3", folder.resolve("qwen3")));
    change(file, metadata -> metadata.string("tokenizer.ggml.model", "rwkv"));
    assertThatThrownBy(() -> ModelSource.path(file).folder())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(
            "'tokenizer.ggml.model': expected gpt2, llama, gemma4 or t5, found 'rwkv'");
  }

  @Test
  void theWindowOfPhi3IsThatOfTheFile() throws IOException {
    Path file = exported(RandomModels.write("phi3", folder.resolve("phi3")));
    assertThat(read(file, "config.json").path("sliding_window").isNull()).isTrue();
    change(file, metadata -> metadata.uint32("phi3.attention.sliding_window", 64));
    assertThat(read(file, "config.json").path("sliding_window").asInt()).isEqualTo(64);
  }

  /** So that the precision which is chosen by itself is that of the checkpoint. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "gemma2", "gpt2", "gpt_neox"})
  void aFileInBf16IsReadInTheTypesOfACheckpointInBf16(String family) throws IOException {
    Path model = RandomModels.write(family, folder.resolve(family));
    Path file = exported(model, GgufQuantization.BF16);
    assertThat(types(file)).as("of a checkpoint in fp32").contains(StoredType.F32);

    Path rounded = inBf16(model, folder.resolve("rounded"));
    Path ofRounded = exported(rounded, GgufQuantization.BF16);
    assertThat(types(ofRounded)).containsExactly(StoredType.BF16);
    try (Decoder expected = TestModels.load(rounded);
        Decoder found = TestModels.load(ModelSource.path(ofRounded).folder())) {
      assertThat(TestModels.logits(found, 12)).isEqualTo(TestModels.logits(expected, 12));
    }
  }

  private static ModelConfig config(Path model) {
    return StoredModel.read(model, WeightFormat.asStored()).config();
  }

  private static Set<StoredType> types(Path file) {
    Path model = ModelSource.path(file).folder();
    try (Decoder decoder = Architectures.declareDecoder(config(model));
        Checkpoint checkpoint = Checkpoint.open(model)) {
      return Weights.storedTypes(decoder, checkpoint);
    }
  }

  private static Path inBf16(Path model, Path target) throws IOException {
    GoldenFolders.copy(model, target);
    List<TensorData> tensors = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      for (String name : checkpoint.names()) {
        ByteBuffer values = checkpoint.bytes(name).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer halves =
            ByteBuffer.allocate(values.remaining() / 2).order(ByteOrder.LITTLE_ENDIAN);
        while (values.hasRemaining()) {
          halves.putShort((short) (values.getInt() >>> 16));
        }
        halves.flip();
        tensors.add(
            TensorData.of(
                name, StoredType.BF16, checkpoint.entry(name).shape(), () -> halves.duplicate()));
      }
      SafetensorsWriter.create().writeModel(target, tensors);
    }
    return target;
  }
}
