package io.adapt4j.qlora;

import static io.adapt4j.core.internal.nn.TestNetworks.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.kernels.internal.AllKernels;
import io.adapt4j.kernels.internal.JavaKernels;
import io.adapt4j.kernels.internal.QuantizedTensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks that compute with 4-bit weights. */
class FourBitModelTest {

  private static final Path FAMILIES = Path.of("..", "core", "fixtures", "families");

  @TempDir private Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"llama_nf4_dq", "llama_nf4_dq_bf16"})
  void aCheckpointOfBitsandbytesHasTheLogitsOfTransformersAsItIs(String name) {
    long before = Tensor.live();
    Path folder = Golden.folder("nf4/" + name);
    try (Checkpoint expected = Checkpoint.openFile(folder.resolve("expected.safetensors"));
        Decoder decoder = stored(folder, DType.F32)) {
      assertThat(decoder.packedLinears()).hasSize(8);
      float[] found = logits(decoder, expected);
      float[] wanted = Golden.floats(expected, "logits_fp32_dequant");
      long[] mask = longs(expected, "attention_mask");
      int vocabulary = wanted.length / mask.length;
      for (int i = 0; i < wanted.length; i++) {
        if (mask[i / vocabulary] == 1) {
          assertThat(found[i]).as("logit " + i).isCloseTo(wanted[i], within(1e-4f));
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({"NF4, 64, true", "FP4, 128, false"})
  void quantizingWhileLoadingIsLoadingWhatWasQuantized(QuantType type, int block, boolean twice) {
    Quantization quantization = new Quantization(type, block, twice);
    Path plain = Golden.folder("models/llama");
    QuantizedCheckpoint.quantize(plain, temporary, quantization);
    try (Network read = FourBitCase.load(plain, quantization, DType.F32);
        Decoder stored = stored(temporary, DType.F32)) {
      assertThat(FourBitCase.outputs(read)).isEqualTo(FourBitCase.outputs(stored));
    }
  }

  @ParameterizedTest
  @MethodSource("io.adapt4j.qlora.FourBitCase#families")
  void everyFamilyComputesWhatItDoesWithTheRestoredWeights(String family) {
    long before = Tensor.live();
    Path folder = FAMILIES.resolve(family);
    try (Network fourBit = FourBitCase.load(folder, Quantization.nf4(), DType.F32);
        Network plain = FourBitCase.plainEqual(folder, fourBit);
        Network exact = FourBitCase.load(folder, WeightFormat.asStored(), DType.F32)) {
      assertThat(fourBit.packedLinears()).hasSameSizeAs(fourBit.layerLinears());
      assertThat(fourBit.parameterCount()).isEqualTo(plain.parameterCount());
      assertThat(fourBit.transposedTensors()).isEqualTo(plain.transposedTensors());
      float[] found = FourBitCase.outputs(fourBit);
      assertThat(found).containsExactly(FourBitCase.outputs(plain), within(1e-5f));
      assertThat(found).isNotEqualTo(FourBitCase.outputs(exact));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({"F32, 1e-5", "BF16, 3e-2"})
  void modulesThatAreSkippedStayPlainAlsoBesideOthersOfTheSameInput(DType type, float tolerance) {
    Path folder = Golden.folder("models/llama");
    Quantization options = Quantization.nf4().skip("k_proj", "model.layers.1.mlp");
    try (Network fourBit = FourBitCase.load(folder, options, type);
        Network plain = FourBitCase.plainEqual(folder, fourBit)) {
      assertThat(fourBit.packedLinears()).hasSize(6);
      assertThat(fourBit.tensors())
          .containsKey("model.layers.0.self_attn.k_proj.weight")
          .doesNotContainKey("model.layers.0.self_attn.q_proj.weight");
      assertThat(FourBitCase.outputs(fourBit))
          .containsExactly(FourBitCase.outputs(plain), within(tolerance));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void blocksRunOverTheEndsOfRowsWhoseLengthIsOdd(boolean doubleQuantized) {
    FourBitCase.write(temporary, FourBitCase.llama(33, 35, 3, 10, 2, 40), StoredType.F32);
    Quantization quantization = Quantization.nf4().doubleQuant(doubleQuantized);
    try (Network fourBit = FourBitCase.load(temporary, quantization, DType.F32);
        Network plain = FourBitCase.plainEqual(temporary, fourBit);
        Checkpoint checkpoint = Checkpoint.open(temporary)) {
      assertThat(FourBitCase.outputs(fourBit))
          .containsExactly(FourBitCase.outputs(plain), within(1e-5f));
      QuantizedLinear down = fourBit.packedLinears().get(3);
      QuantizedTensor whole =
          new StoredWeight(checkpoint, "model.layers.0.mlp.down_proj.weight")
              .quantize(quantization.format(), JavaKernels.INSTANCE);
      float[] wanted = new float[33 * 35];
      JavaKernels.INSTANCE.dequantize(whole, 0, wanted, wanted.length);
      try (Tensor restored = down.restored(down.parts().get(0), DType.F32)) {
        assertThat(restored.toFloats()).isEqualTo(wanted);
      }
    }
  }

  /** Kernels that say that they multiply faster are asked to, with the bias added afterwards. */
  @ParameterizedTest
  @ValueSource(strings = {"qwen3_bias", "qwen2_window", "gpt2_by_layer"})
  void fewRowsAreMultipliedAsTheyAreWhereThatIsFaster(String family) {
    Path folder = FAMILIES.resolve(family);
    try (Network fourBit = FourBitCase.load(folder, Quantization.nf4(), DType.F32);
        Network dequantized = FourBitCase.plainEqual(folder, fourBit)) {
      assertThat(multiplied(folder, fourBit))
          .containsExactly(FourBitCase.outputs(dequantized), within(3e-6f));
    }
  }

  /**
   * In bfloat16 either way rounds the results of each layer, which may be larger than the logits.
   * Products with 4-bit weights as they are must not be farther from fp32 than those with the same
   * weights dequantized first. Which is nearer for one text is chance, so 32 texts are compared,
   * within 5 %.
   */
  @ParameterizedTest
  @ValueSource(strings = {"qwen3_bias", "qwen2_window", "gpt2_by_layer"})
  void inBfloat16KernelsAreAsNearToFp32AsDequantizedWeights(String family) {
    Path folder = FAMILIES.resolve(family);
    try (Network fourBit = FourBitCase.load(folder, Quantization.nf4(), DType.BF16);
        Network dequantized = FourBitCase.plainEqual(folder, fourBit);
        Network wide = FourBitCase.load(folder, Quantization.nf4(), DType.F32);
        Network exact = FourBitCase.plainEqual(folder, wide)) {
      EagerKernels kernels = readWithKernels(folder, fourBit);
      double ofDequantized = 0;
      double ofKernels = 0;
      for (int first = 0; first < 32; first++) {
        float[] wanted = FourBitCase.outputs(exact, first);
        ofDequantized +=
            Math.pow(Int8Case.difference(FourBitCase.outputs(dequantized, first), wanted), 2);
        ofKernels += Math.pow(Int8Case.difference(FourBitCase.outputs(fourBit, first), wanted), 2);
      }
      assertThat(kernels.products()).isPositive();
      assertThat(Math.sqrt(ofKernels))
          .isPositive()
          .isLessThanOrEqualTo(1.05 * Math.sqrt(ofDequantized));
    }
  }

  /** What a network ends in when kernels multiply with its weights as they are. */
  private static float[] multiplied(Path folder, Network fourBit) {
    EagerKernels kernels = readWithKernels(folder, fourBit);
    float[] outputs = FourBitCase.outputs(fourBit);
    assertThat(kernels.products()).isPositive();
    return outputs;
  }

  private static EagerKernels readWithKernels(Path folder, Network fourBit) {
    EagerKernels kernels = new EagerKernels();
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      for (QuantizedLinear linear : fourBit.packedLinears()) {
        ((FourBitLinear) linear).read(checkpoint, kernels);
      }
    }
    return kernels;
  }

  @Test
  void weightsTakeLittleMoreThanHalfAByteAndOneBufferServesAllLayers() {
    FourBitCase.write(temporary, FourBitCase.llama(512, 1024, 8, 64, 2, 40), StoredType.BF16);
    long before = Tensor.live();
    try (Network network = FourBitCase.load(temporary, Quantization.nf4(), DType.F32)) {
      for (QuantizedLinear linear : network.packedLinears()) {
        assertThat((double) linear.packedBytes() / linear.packedCount()).isLessThan(0.53);
        long held = ((FourBitLinear) linear).heldBytes();
        assertThat((double) held / linear.packedCount()).isLessThan(0.53);
      }
      long loaded = Tensor.live();
      FourBitCase.outputs(network);
      // None where few rows are multiplied without restoring weights.
      assertThat(Tensor.live()).isBetween(loaded, loaded + 1);
      FourBitCase.outputs(network);
      assertThat(Tensor.live()).isBetween(loaded, loaded + 1);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** Some rows fill no tile of 16: these are padded. */
  @ParameterizedTest
  @ValueSource(ints = {1024, 1000})
  void whatAWeightTakesIsKnownBeforeItIsRearranged(int inner) {
    assumeThat(AllKernels.ofLayers()).isNotEmpty();
    FourBitCase.write(temporary, FourBitCase.llama(512, inner, 8, 64, 2, 40), StoredType.BF16);
    WeightFormat rounding = WeightFormat.int8Activations(Quantization.nf4());
    try (Network network = FourBitCase.load(temporary, rounding, DType.F32)) {
      for (QuantizedLinear linear : network.packedLinears()) {
        assertThat(linear.packedBytes())
            .as(linear.toString())
            .isEqualTo(((FourBitLinear) linear).heldBytes());
      }
    }
  }

  /** Loads a 4-bit checkpoint as it is. */
  private static Decoder stored(Path folder, DType type) {
    ConfigReader config = ConfigReader.read(folder.resolve(ModelConfig.FILE));
    var plain = config.json();
    plain.remove("quantization_config");
    Decoder decoder =
        Architectures.declareDecoder(ModelConfig.parse(config.file(), Json.compact(plain)));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      new StoredFourBit(Optional.empty()).install(decoder, checkpoint);
      Weights.check(decoder, checkpoint);
      decoder.allocate(type);
      Weights.load(decoder, checkpoint);
    }
    return decoder;
  }

  private static float[] logits(Decoder decoder, Checkpoint batch) {
    List<Long> shape = batch.entry("input_ids").shape();
    int rows = shape.get(0).intValue();
    int length = shape.get(1).intValue();
    try (Scope scope = Scope.open();
        Positions positions = decoder.positions(longs(batch, "attention_mask"), rows, length)) {
      Tensor ids = Tensor.of(longs(batch, "input_ids"), rows, length);
      return decoder.logits(decoder.hidden(Ops.inference(), ids, positions, false)).toFloats();
    }
  }
}
