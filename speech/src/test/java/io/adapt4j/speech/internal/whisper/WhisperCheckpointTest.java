package io.adapt4j.speech.internal.whisper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of Whisper models as they are published. */
class WhisperCheckpointTest {

  @TempDir Path temporary;
  private Path folder;
  private Path tiny;

  @BeforeEach
  void find() throws Exception {
    tiny =
        Path.of(
                Objects.requireNonNull(
                        getClass().getResource("/io/adapt4j/speech/tiny/config.json"))
                    .toURI())
            .getParent();
    folder = temporary.resolve("model");
  }

  @Test
  void modelsOf128BandsWithAnOutputMatrixLoad() throws IOException {
    write(
        config -> config.put("num_mel_bins", 128).put("tie_word_embeddings", false),
        tensors -> tensors);
    Path features = folder.resolve("preprocessor_config.json");
    Files.writeString(
        features,
        Files.readString(features).replace("\"feature_size\": 80", "\"feature_size\": 128"));
    try (WhisperModel model = load()) {
      assertThat(model.network().tensors()).containsKey("proj_out.weight");
      assertThat(first(model)).hasSize(1);
    }
  }

  @Test
  void namesMayLackThePrefixAndTheTiedMatrixMayBeStored() throws IOException {
    write(config -> {}, tensors -> tensors);
    int[] wanted;
    try (WhisperModel model = load()) {
      wanted = first(model);
    }
    write(
        config -> {},
        tensors -> {
          List<TensorData> all = new ArrayList<>();
          for (TensorData tensor : tensors) {
            all.add(named(tensor, tensor.name().replaceFirst("^model\\.", "")));
            if (tensor.name().endsWith("embed_tokens.weight")) {
              all.add(named(tensor, "proj_out.weight"));
            }
          }
          return all;
        });
    try (WhisperModel model = load()) {
      assertThat(first(model)).isEqualTo(wanted);
    }
  }

  @Test
  void unknownAndMissingTensorsAreRefused() throws IOException {
    write(
        config -> {},
        tensors -> {
          List<TensorData> all = new ArrayList<>(tensors);
          all.add(bias("model.encoder.layers.0.self_attn.k_proj.bias"));
          return all;
        });
    assertThatThrownBy(this::load)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("k_proj.bias");
    write(
        config -> {},
        tensors ->
            tensors.stream().filter(tensor -> !tensor.name().endsWith("conv2.bias")).toList());
    assertThatThrownBy(this::load)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model.encoder.conv2.bias");
  }

  @Test
  void generationThatIsNotOfferedIsRefusedByName() throws IOException {
    write(config -> {}, tensors -> tensors);
    Path file = folder.resolve("generation_config.json");
    String right = Files.readString(file);
    Files.writeString(file, right.replaceFirst("\\{", "{\"num_beams\": 5,"));
    assertThatThrownBy(this::load)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("num_beams")
        .hasMessageContaining("expected 1");
    Files.writeString(file, right.replace("\"lang_to_id\"", "\"other\""));
    try (WhisperModel model = load()) {
      assertThat(model.tokens().languages())
          .containsOnlyKeys("de", "en", "es", "fr", "ja", "ko", "ru", "zh");
    }
    Files.writeString(
        file, right.replace("\"is_multilingual\": true", "\"is_multilingual\": false"));
    try (WhisperModel model = load()) {
      assertThat(model.tokens().languages()).isEmpty();
    }
    Files.delete(file);
    try (WhisperModel model = load()) {
      assertThat(model.tokens().noTimestamps()).isEqualTo(418);
      assertThat(model.tokens().suppressed()).isEmpty();
    }
  }

  private void write(Consumer<ObjectNode> change, UnaryOperator<List<TensorData>> stored)
      throws IOException {
    ObjectNode json = (ObjectNode) Json.parse(Files.readString(tiny.resolve("config.json")));
    change.accept(json);
    Path source = Files.createDirectories(temporary.resolve("source"));
    Files.writeString(source.resolve("config.json"), json.toString());
    ModelConfig config = ModelConfig.read(source);
    if (Files.exists(folder)) {
      try (var files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
    try (EncoderDecoder network = Architectures.declareSpeech(config)) {
      network.allocate(DType.F32);
      Weights.randomize(network, 5);
      CheckpointFolder.write(
          folder, tiny, config, stored.apply(Weights.tensors(network, StoredType.F32)));
    }
    for (String name :
        List.of("preprocessor_config.json", "generation_config.json", "tokenizer.json")) {
      if (!Files.exists(folder.resolve(name))) {
        Files.copy(tiny.resolve(name), folder.resolve(name));
      }
    }
  }

  private static TensorData named(TensorData tensor, String name) {
    return new TensorData(name, tensor.type(), tensor.shape(), tensor.content());
  }

  private static TensorData bias(String name) {
    return TensorData.of(name, StoredType.F32, List.of(32L), () -> ByteBuffer.allocate(128));
  }

  private WhisperModel load() {
    return WhisperModel.load(folder, Precision.FP32, WeightFormat.asStored(), List.of());
  }

  private static int[] first(WhisperModel model) {
    try (Scope scope = Scope.open()) {
      int frames = model.features().frames();
      Tensor silence = Tensor.zeros(DType.F32, 1, frames, model.features().mels());
      SequenceSource source = model.listen(silence);
      return new WindowWriter(model.network(), model.tokens())
          .write(source, new int[] {404, 418}, false, 1, 0, new SplittableRandom(0), () -> false)
          .ids();
    }
  }
}
