package io.adapt4j.core.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints in 8-bit floats, as DeepSeek, Qwen 3 and Ministral 3 are published. */
class EightBitFloatsTest {

  private static final String BLOCKS =
      "{\"quant_method\": \"fp8\", \"fmt\": \"e4m3\", \"weight_block_size\": [2, 3]}";
  private static final String STATIC =
      "{\"quant_method\": \"fp8\", \"activation_scheme\": \"static\", \"weight_block_size\": null}";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "0x00, 0",
    "0x01, 0.001953125",
    "0x07, 0.013671875",
    "0x08, 0.015625",
    "0x38, 1",
    "0x39, 1.125",
    "0xc0, -2",
    "0x7e, 448",
    "0xfe, -448"
  })
  void codesStandForTheNumbersOfE4m3(String code, float number) throws IOException {
    config(STATIC);
    write(
        codes("l.weight", 1, 1, Integer.decode(code)),
        floats("l.weight_scale_inv", List.of(), 1f),
        floats("l.activation_scale", List.of(), 7f));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.names()).containsExactly("l.weight");
      assertThat(checkpoint.bytes("l.weight").getFloat(0)).isEqualTo(number);
    }
  }

  @Test
  void everyBlockHasItsScaleAndPiecesEqualTheWhole() throws IOException {
    config(BLOCKS);
    write(
        codes(
            "l.weight",
            3,
            4,
            0x38,
            0x38,
            0x38,
            0x38,
            0x38,
            0x40,
            0x38,
            0x38,
            0x38,
            0x38,
            0x38,
            0x38),
        floats("l.weight_scale_inv", List.of(2L, 2L), 1f, 10f, 100f, 1000f));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(values(checkpoint.bytes("l.weight")))
          .containsExactly(1f, 1f, 1f, 10f, 1f, 2f, 1f, 10f, 100f, 100f, 100f, 1000f);
      assertThat(values(checkpoint.bytes("l.weight", 5 * 4, 3 * 4))).containsExactly(2f, 1f, 10f);
      assertThat(checkpoint.storedBytes("l.weight")).isEqualTo(12 + 16);
      assertThat(checkpoint.storedType("l.weight")).isEqualTo("F8_E4M3");
    }
  }

  @Test
  void scalesThatFitNoBlocksAreRefused() throws IOException {
    config(BLOCKS);
    write(
        codes("l.weight", 2, 2, 0, 0, 0, 0), floats("l.weight_scale_inv", List.of(2L, 1L), 1f, 1f));
    assertThatThrownBy(() -> Checkpoint.open(folder).close())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("l.weight_scale_inv")
        .hasMessageContaining("weight_block_size");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gptq", "awq", "compressed-tensors", "hqq"})
  void otherMethodsAreRefusedByName(String method) throws IOException {
    config("{\"quant_method\": \"" + method + "\"}");
    assertThatThrownBy(() -> ModelConfig.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("quantized by '" + method + "'")
        .hasMessageContaining("original");
  }

  /** The same numbers once as products in fp32 and once as codes and scales. */
  @ParameterizedTest
  @CsvSource({"qwen3_bias, true", "ministral3, false", "mistral3, false", "mixtral, true"})
  void modelsLoadAsTheirUnpackedWeights(String family, boolean blocks) throws Exception {
    Path plain = folder.resolve("plain");
    Path packed = folder.resolve("packed");
    try (FamilyFolder source = FamilyFolder.open(family)) {
      pack(source.path(), plain, packed, blocks);
    }
    List<int[]> prompts = List.of(new int[] {5, 6, 7, 8, 9});
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(12).ignoreEos(true).build();
    try (LanguageModel unpacked = LanguageModel.load(ModelSource.path(plain), Precision.FP32);
        LanguageModel read = LanguageModel.load(ModelSource.path(packed), Precision.FP32)) {
      assertThat(read.generateIds(prompts, options))
          .containsExactlyElementsOf(unpacked.generateIds(prompts, options));
    }
    ModelInfo info = ModelInfo.read(packed);
    assertThat(info.supported()).isTrue();
    assertThat(info.quantization()).hasValue("fp8");
    assertThat(info.warnings().toString()).contains("unpacked");
  }

  private static void pack(Path source, Path plain, Path packed, boolean blocks)
      throws IOException {
    List<TensorData> products = new ArrayList<>();
    List<TensorData> stored = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(source)) {
      for (String name : checkpoint.names()) {
        TensorEntry entry = checkpoint.entry(name);
        float[] numbers = values(checkpoint.bytes(name));
        if (!name.matches(".*layers.*(proj|w[123])\\.weight")) {
          TensorData kept = floats(name, entry.shape(), numbers);
          products.add(kept);
          stored.add(kept);
          continue;
        }
        int columns = Math.toIntExact(entry.shape().get(1));
        int rows = numbers.length / columns;
        int perRow = (columns + 2) / 3;
        float[] scales = new float[blocks ? (rows + 1) / 2 * perRow : 1];
        for (int i = 0; i < scales.length; i++) {
          scales[i] = 0.01f + 0.003f * (i % 5);
        }
        int[] codes = new int[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
          float scale = scales[blocks ? i / columns / 2 * perRow + i % columns / 3 : 0];
          codes[i] = nearest(numbers[i] / scale);
          numbers[i] = number(codes[i]) * scale;
        }
        products.add(floats(name, entry.shape(), numbers));
        stored.add(codes(name, rows, columns, codes));
        String path = name.substring(0, name.length() - "weight".length());
        List<Long> shape =
            blocks ? List.of((long) scales.length / perRow, (long) perRow) : List.of();
        stored.add(floats(path + "weight_scale_inv", shape, scales));
        if (!blocks) {
          stored.add(floats(path + "activation_scale", List.of(), 0.1f));
        }
      }
    }
    for (Path target : List.of(plain, packed)) {
      Files.createDirectories(target);
      SafetensorsWriter.create().writeModel(target, target == plain ? products : stored);
      ObjectNode config = (ObjectNode) Json.parse(Files.readString(source.resolve("config.json")));
      if (target == packed) {
        config.set("quantization_config", Json.parse(blocks ? BLOCKS : STATIC));
      }
      Files.writeString(target.resolve("config.json"), config.toString());
    }
  }

  private static int nearest(float wanted) {
    int best = 0;
    for (int code = 0; code < 256; code++) {
      if (Math.abs(number(code) - wanted) < Math.abs(number(best) - wanted)) {
        best = code;
      }
    }
    return best;
  }

  private static float number(int code) {
    int exponent = code >> 3 & 15;
    double size =
        exponent == 0 ? (code & 7) / 512.0 : (1 + (code & 7) / 8.0) * Math.pow(2, exponent - 7);
    return (float) ((code & 127) == 127 ? Double.NaN : code < 128 ? size : -size);
  }

  private void config(String quantization) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        "{\"model_type\": \"llama\", \"quantization_config\": " + quantization + "}");
  }

  private void write(TensorData... tensors) {
    SafetensorsWriter.create().writeModel(folder, List.of(tensors));
  }

  private static TensorData codes(String name, int rows, int columns, int... codes) {
    ByteBuffer bytes = ByteBuffer.allocate(codes.length);
    for (int code : codes) {
      bytes.put((byte) code);
    }
    return TensorData.of(
        name, StoredType.F8_E4M3, List.of((long) rows, (long) columns), bytes::flip);
  }

  private static TensorData floats(String name, List<Long> shape, float... numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(numbers);
    return TensorData.of(name, StoredType.F32, shape, () -> bytes);
  }

  private static float[] values(ByteBuffer bytes) {
    FloatBuffer numbers = bytes.asFloatBuffer();
    float[] values = new float[numbers.remaining()];
    numbers.get(values);
    return values;
  }
}
