package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged checkpoints are refused with the file, the tensor and the field. */
class BadCheckpointTest {

  private static final String WEIGHT = "model.layers.0.mlp.down_proj.weight";
  private static final String STATE = WEIGHT + ".quant_state.bitsandbytes__nf4";

  @TempDir private Path temporary;
  private Path folder;
  private Path target;

  @BeforeEach
  void copyAGoodOne() throws IOException {
    folder = temporary.resolve("checkpoint");
    target = temporary.resolve("target");
    Golden.copyFolder(Golden.folder("nf4/llama_nf4_dq"), folder);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"blocksize\": 64     | \"blocksize\": 63        | field 'blocksize'",
        "\"blocksize\": 64     | \"blocksize\": \"64\"    | field 'blocksize'",
        "\"blocksize\": 64     | \"blocksize\": 8192      | found 8192",
        "\"blocksize\": 64     | \"size\": 64             | found no such field",
        "\"blocksize\": 64,    | \"blocksize\": 128,      | absmax",
        "\"quant_type\": \"nf4\" | \"quant_type\": \"fp4\" | field 'quant_type'",
        "\"quant_type\": \"nf4\" | \"quant_type\": \"int4\" | field 'quant_type'",
        "\"dtype\": \"float32\", | \"dtype\": \"float8\",  | field 'dtype'",
        "[64, 96]              | [64, 95]                 | 3040 bytes for the 6080 weights",
        "[64, 96]              | [64, -96]                | field 'shape'",
        "[64, 96]              | []                       | field 'shape'",
        "[64, 96]              | 6144                     | field 'shape'",
        "[64, 96]              | [4611686018427387904, 4] | field 'shape'",
        "[64, 96]              | [64, 96.5]               | field 'shape'",
        "\"nested_blocksize\": 256 | \"nested_blocksize\": 0 | field 'nested_blocksize'",
        "\"nested_blocksize\": 256 | \"nested_blocksize\": 8 | nested_absmax",
        "\"nested_blocksize\": 256, | ''                  | field 'nested_blocksize'",
        "\"nested_dtype\": \"float32\" | \"nested_dtype\": \"half\" | field 'nested_dtype'",
        "\"nested_offset\": 0  | \"nested_offset\": 1e99, \"x\": 0 | field 'nested_offset'",
        "\"nested_offset\": 0  | \"nested_offset\": null, \"x\": 0 | field 'nested_offset'",
        "}                     | ''                       | JSON",
        "{                     | [{                       | JSON",
      })
  void aStateThatDoesNotFit(String part, String replacement, String message) {
    editState(json -> json.replace(part, replacement));
    assertRefused(STATE.substring(0, WEIGHT.length()), message);
  }

  @Test
  void aStateThatEndsEarly() {
    editState(json -> json.substring(0, 40));
    assertRefused(STATE, "JSON that describes the quantized weight");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".absmax",
        ".quant_map",
        ".nested_absmax",
        ".nested_quant_map",
        ".quant_state.bitsandbytes__nf4"
      })
  void aMissingPart(String part) {
    rewrite(tensor -> tensor.name().equals(WEIGHT + part) ? null : tensor);
    assertRefused(WEIGHT + part, "no such tensor");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map"})
  void aPartOfAnotherSize(String part) {
    edit(WEIGHT + part, bytes -> Arrays.copyOf(bytes, bytes.length + 4));
    assertRefused("'" + WEIGHT + part + "'", "as its quant_state needs", "of its quant_state");
  }

  @ParameterizedTest
  @ValueSource(strings = {".quant_map", ".nested_absmax", ".nested_quant_map"})
  void aScaleThatIsNotANumber(String part) {
    edit(
        WEIGHT + part,
        bytes -> {
          bytes[2] = (byte) 0xC0;
          bytes[3] = 0x7F;
          return bytes;
        });
    assertRefused("'" + WEIGHT + part + "'", "NaN at [0]");
  }

  @ParameterizedTest
  @CsvSource({"NaN, NaN", "Infinity, Infinity", "-Infinity, -Infinity"})
  void aWeightThatIsNotFiniteIsNotQuantized(float value, String shown) throws IOException {
    Path plain = temporary.resolve("plain");
    Golden.copyFolder(Golden.folder("models/llama"), plain);
    folder = plain;
    edit(
        WEIGHT,
        bytes -> {
          ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(4 * (3 * 96 + 17), value);
          return bytes;
        });
    for (boolean doubleQuant : new boolean[] {true, false}) {
      Quantization options = Quantization.nf4().doubleQuant(doubleQuant);
      assertThatThrownBy(() -> QuantizedCheckpoint.quantize(plain, target, options))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("model.safetensors")
          .hasMessageContaining(WEIGHT)
          .hasMessageContaining(shown + " at [3, 17]");
      assertNothingWritten();
      long before = Tensor.live();
      assertThatThrownBy(() -> LanguageModel.load(ModelSource.path(plain), options))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining(WEIGHT)
          .hasMessageContaining(shown + " at [3, 17]");
      assertThat(Tensor.live()).isEqualTo(before);
      QuantizedCheckpoint.quantize(
          plain, temporary.resolve("skipped" + doubleQuant), options.skip("down_proj"));
    }
  }

  @Test
  void weightsInOtherTypesAreNotQuantized() throws IOException {
    Path plain = temporary.resolve("plain");
    Golden.copyFolder(Golden.folder("models/llama"), plain);
    folder = plain;
    rewrite(
        tensor ->
            tensor.name().equals(WEIGHT)
                ? TensorData.of(
                    WEIGHT,
                    StoredType.F64,
                    tensor.shape(),
                    () -> ByteBuffer.allocate((int) tensor.length() * 2))
                : tensor);
    assertThatThrownBy(() -> QuantizedCheckpoint.quantize(plain, target, Quantization.nf4()))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(WEIGHT)
        .hasMessageContaining("found F64");
    assertThatThrownBy(() -> LanguageModel.load(ModelSource.path(plain), Quantization.nf4()))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(WEIGHT)
        .hasMessageContaining("found F64");
  }

  @Test
  void anOutputLayerInFourBitsIsRefusedWithTheWayOut() {
    rewrite(
        tensor ->
            tensor.name().startsWith(WEIGHT)
                ? TensorData.of(
                    tensor.name().replace("model.layers.0.mlp.down_proj", "lm_head"),
                    tensor.type(),
                    tensor.shape(),
                    () -> tensorBytes(tensor.name()))
                : tensor.name().equals("lm_head.weight") ? null : tensor);
    assertThatThrownBy(() -> LanguageModel.load(ModelSource.path(folder)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("lm_head.weight")
        .hasMessageContaining("QuantizedCheckpoint.dequantize");
  }

  private ByteBuffer tensorBytes(String name) {
    try (Checkpoint checkpoint = Checkpoint.open(Golden.folder("nf4/llama_nf4_dq"))) {
      return checkpoint.bytes(name);
    }
  }

  @Test
  void aWeightOfAnotherShapeThanTheConfigurationSaysIsRefused() throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("_size\": 96", "_size\": 128"));
    assertThatThrownBy(() -> LanguageModel.load(ModelSource.path(folder)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("mlp.")
        .hasMessageContaining("128")
        .hasMessageContaining("as config.json has it");
  }

  @Test
  void aFamilyThatStoresWeightsTransposedIsRefused() throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config).replace("\"model_type\": \"llama\"", "\"model_type\": \"gpt2\""));
    assertThatThrownBy(() -> QuantizedCheckpoint.dequantize(folder, target))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model_type")
        .hasMessageContaining("gpt2");
  }

  /** Neither written as a plain one nor loaded as it is. */
  private void assertRefused(String tensor, String... anyOf) {
    assertRefused(() -> QuantizedCheckpoint.dequantize(folder, target), tensor, anyOf);
    assertNothingWritten();
    long before = Tensor.live();
    assertRefused(() -> LanguageModel.load(ModelSource.path(folder)).close(), tensor, anyOf);
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private void assertRefused(ThrowingCallable action, String tensor, String... anyOf) {
    assertThatThrownBy(action)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(tensor)
        .satisfies(
            error ->
                assertThat(Stream.of(anyOf).anyMatch(error.getMessage()::contains))
                    .as(error.getMessage())
                    .isTrue());
  }

  private void assertNothingWritten() {
    assertThat(target.resolve("config.json")).doesNotExist();
    assertThat(target.resolve("model.safetensors")).doesNotExist();
  }

  private void editState(UnaryOperator<String> change) {
    edit(
        STATE,
        bytes ->
            change
                .apply(new String(bytes, StandardCharsets.UTF_8))
                .getBytes(StandardCharsets.UTF_8));
  }

  private void edit(String name, UnaryOperator<byte[]> change) {
    byte[] content;
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      content = change.apply(Golden.bytes(checkpoint, name));
    }
    rewrite(tensor -> tensor.name().equals(name) ? resized(tensor, content) : tensor);
  }

  private static TensorData resized(TensorData tensor, byte[] content) {
    long count = content.length / tensor.type().bytes();
    List<Long> shape = content.length == tensor.length() ? tensor.shape() : List.of(count);
    return TensorData.of(tensor.name(), tensor.type(), shape, () -> ByteBuffer.wrap(content));
  }

  /** Changes tensors of the checkpoint, or drops them where the change gives null. */
  private void rewrite(UnaryOperator<TensorData> change) {
    List<TensorData> tensors = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      for (String name : checkpoint.names()) {
        TensorEntry entry = checkpoint.entry(name);
        ByteBuffer bytes = checkpoint.bytes(name);
        TensorData changed =
            change.apply(TensorData.of(name, entry.type(), entry.shape(), () -> bytes));
        if (changed != null) {
          tensors.add(changed);
        }
      }
    }
    SafetensorsWriter.create().writeModel(folder, tensors);
  }
}
