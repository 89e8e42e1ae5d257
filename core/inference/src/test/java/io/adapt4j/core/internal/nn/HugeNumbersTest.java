package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.Cases;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.method.WeightFormat;
import java.io.RandomAccessFile;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Numbers in configurations must not become memory before the weights bear them out. */
class HugeNumbersTest {

  private static final List<String> HUGE = List.of("4000", "1000000000");

  @TempDir private Path folder;

  static Stream<String> families() {
    return FamilyFolder.names();
  }

  /** The family's folder with another configuration. */
  private Path write(Path family, JsonNode config) throws Exception {
    Files.writeString(folder.resolve("config.json"), Json.compact(config));
    try (Stream<Path> files = Files.list(family)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        String name = file.getFileName().toString();
        if (name.startsWith("model") && !Files.exists(folder.resolve(name))) {
          Files.copy(file, folder.resolve(name));
        }
      }
    }
    return folder;
  }

  private static void load(Path folder) {
    StoredModel stored = StoredModel.read(folder, WeightFormat.asStored());
    try (Network network = Architectures.declare(stored.config());
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(network, checkpoint);
      network.allocate(DType.F32);
      Weights.load(network, checkpoint);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  @Timeout(120)
  void aHugeNumberInAnyFieldIsRefusedAtOnceOrDoesNoHarm(String name) throws Exception {
    Path family;
    try (FamilyFolder opened = FamilyFolder.open(name)) {
      family = opened.path();
    }
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(family.resolve("config.json")));
    int row = name.hashCode();
    for (Map.Entry<String, JsonNode> field : config.properties()) {
      if (!field.getValue().isNumber() && !field.getValue().isNull()) {
        continue;
      }
      // A field has the one number or the other, by turns over the families.
      row++;
      for (String huge : HUGE) {
        if (!Cases.isTried(row, HUGE.indexOf(huge), 2)) {
          continue;
        }
        ObjectNode changed = config.deepCopy();
        changed.set(field.getKey(), DecimalNode.valueOf(new BigDecimal(huge)));
        write(family, changed);
        long start = System.nanoTime();
        try {
          load(folder);
        } catch (CheckpointException e) {
          assertThat(e).hasMessageContaining(folder.toString());
        }
        assertThat((System.nanoTime() - start) / 1e9)
            .as("%s: %s", field.getKey(), huge)
            .isLessThan(10);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama,   num_hidden_layers,       1000000000, at most 4096",
    "llama,   hidden_size,             1000000000, at most 1048576",
    "llama,   vocab_size,              1000000000, at most 16777216",
    "llama,   max_position_embeddings, 1000000000, at most 134217728",
    "llama,   num_attention_heads,     1000000000, at most 65536",
    "llama,   head_dim,                1000000000, at most 65536",
    "gpt2,    n_layer,                 1000000000, at most 4096",
    "gpt2,    n_embd,                  1000000000, at most 1048576",
    "bert,    type_vocab_size,         1000000000, at most 16777216",
    "bert,    num_labels,              1000000000, at most 1048576",
    "mixtral, num_local_experts,       1000000000, at most 65536",
  })
  void sizesAreBoundedWithoutWeightsToo(String type, String field, String value, String expected) {
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(
            () ->
                ModelConfig.parse(
                    folder.resolve("config.json"),
                    "{\"model_type\": \"" + type + "\", \"" + field + "\": " + value + "}"))
        .withMessageContaining("config.json: field '" + field + "': expected " + expected)
        .withMessageContaining("found " + value);
  }

  @Test
  void sizesInsideAnotherObjectAreBounded() {
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(
            () ->
                ModelConfig.parse(
                    folder.resolve("config.json"),
                    "{\"model_type\": \"gemma3\", \"text_config\": {\"hidden_size\": 2000000}}"))
        .withMessageContaining("field 'text_config.hidden_size'");
  }

  @Test
  void moreLayersThanTheWeightsHaveAreNamed() throws Exception {
    Files.writeString(
        folder.resolve("config.json"), "{\"model_type\": \"gpt2\", \"n_layer\": 4000}");
    SafetensorsWriter.create()
        .writeModel(folder, List.of(tensor("h.0.ln_1.weight"), tensor("h.11.ln_1.weight")));
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(
            () -> Architectures.declare(StoredModel.read(folder, WeightFormat.asStored()).config()))
        .withMessageContaining(
            "config.json: field 'n_layer': expected 12, as the weights beside it have so many"
                + " layers, found 4000");
    assertThat(ModelInfo.read(folder).warnings())
        .anyMatch(warning -> warning.message().contains("field 'n_layer': expected 12"));
  }

  private static TensorData tensor(String name) {
    return TensorData.of(name, StoredType.F32, List.of(1L), () -> ByteBuffer.allocate(4));
  }

  @ParameterizedTest
  @CsvSource({
    "config.json,                  17000000",
    "model.safetensors.index.json, 68000000",
  })
  void filesThatAreTooLargeAreNotRead(String name, long size) throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
      file.setLength(size);
    }
    assertThatExceptionOfType(RuntimeException.class)
        .isThrownBy(
            () -> {
              if (name.startsWith("config")) {
                ModelConfig.read(folder);
              } else {
                Checkpoint.open(folder);
              }
            })
        .withMessageContaining(name + ": expected at most ")
        .withMessageContaining("bytes in a file of this kind, found " + "%,d".formatted(size));
  }
}
