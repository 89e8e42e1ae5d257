package io.adapt4j.core.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.EightBitFolder.Kind;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints in 8-bit floats, as DeepSeek, Qwen 3 and Ministral 3 are published. */
class EightBitFloatsTest {

  private static final String BLOCKS = Kind.BLOCKS.config();
  private static final String STATIC = Kind.STATIC.config();

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

  @ParameterizedTest
  @CsvSource({
    "0x01, 0.0000152587890625",
    "0x04, 0.00006103515625",
    "0x3c, 1",
    "0x3d, 1.25",
    "0xc0, -2",
    "0x7b, 57344",
    "0x7c, Infinity",
    "0xfc, -Infinity",
    "0x7d, NaN"
  })
  void codesStandForTheNumbersOfE5m2(String code, Float number) throws IOException {
    config(Kind.E5M2.config());
    write(
        EightBitFolder.codes("l.weight", List.of(1L, 1L), true, (byte) (int) Integer.decode(code)),
        floats("l.weight_scale_inv", List.of(), 1f));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.bytes("l.weight").getFloat(0)).isEqualTo(number);
      assertThat(checkpoint.storedType("l.weight")).isEqualTo("F8_E5M2");
    }
  }

  @Test
  void rowsHaveScalesAndThoseOfCachesAreLeftOut() throws IOException {
    config(Kind.CHANNELS.config());
    write(
        codes("l.weight", 3, 2, 0x38, 0x40, 0x38, 0x40, 0x38, 0x40),
        floats("l.weight_scale", List.of(3L, 1L), 1f, 10f, 100f),
        floats("l.input_scale", List.of(1L), 7f),
        floats("l.self_attn.k_scale", List.of(1L), 7f));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.names()).containsExactly("l.weight");
      assertThat(values(checkpoint.bytes("l.weight"))).containsExactly(1, 2, 10, 20, 100, 200);
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

  /** What compressed-tensors has besides floats of eight bits. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pack-quantized  | \"num_bits\": 4, \"type\": \"int\", \"strategy\": \"group\"",
        "int-quantized   | \"num_bits\": 8, \"type\": \"int\", \"strategy\": \"channel\"",
        "naive-quantized | \"num_bits\": 8, \"type\": \"int\", \"strategy\": \"channel\"",
        "float-quantized | \"num_bits\": 8, \"type\": \"float\", \"strategy\": \"tensor_group\"",
        "nvfp4-pack-quantized | \"num_bits\": 4, \"type\": \"float\", \"strategy\": \"group\""
      })
  void otherFormatsOfCompressedTensorsAreRefusedByName(String format, String weights)
      throws IOException {
    config(
        "{\"quant_method\": \"compressed-tensors\", \"format\": \"%s\", \"config_groups\":"
                .formatted(format)
            + " {\"group_0\": {\"weights\": {%s}}}}".formatted(weights));
    assertThatThrownBy(() -> ModelConfig.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("quantized by 'compressed-tensors' (" + format + ")")
        .hasMessageContaining("original");
    assertThat(EightBitFloats.areRead(Json.parse(Kind.CHANNELS.config()))).isTrue();
  }

  /** The same numbers once as products in fp32 and once as codes and scales. */
  @ParameterizedTest
  @CsvSource({
    "qwen3_bias, BLOCKS",
    "ministral3, STATIC",
    "mistral3, STATIC",
    "mixtral, BLOCKS",
    "qwen3_bias, E5M2",
    "qwen3_bias, FBGEMM",
    "ministral3, CHANNELS",
    "mistral3, COMPRESSED_BLOCKS",
    "gemma4_moe, BLOCKS",
    "mixtral_stacked, STATIC",
    "mixtral_stacked, FBGEMM",
  })
  void modelsLoadAsTheirUnpackedWeights(String family, Kind kind) throws Exception {
    Path plain = folder.resolve("plain");
    Path packed = folder.resolve("packed");
    try (FamilyFolder source = FamilyFolder.open(family)) {
      EightBitFolder.write(source.path(), plain, packed, kind);
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
    assertThat(info.quantization().orElseThrow())
        .startsWith(Json.parse(kind.config()).path("quant_method").asText());
    assertThat(info.warnings().toString()).contains("unpacked");
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
    byte[] bytes = new byte[codes.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) codes[i];
    }
    return EightBitFolder.codes(name, List.of((long) rows, (long) columns), false, bytes);
  }

  private static TensorData floats(String name, List<Long> shape, float... numbers) {
    return EightBitFolder.floats(name, shape, numbers);
  }

  private static float[] values(ByteBuffer bytes) {
    return EightBitFolder.values(bytes);
  }
}
