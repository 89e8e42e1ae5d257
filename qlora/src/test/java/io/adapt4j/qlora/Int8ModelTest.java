package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.kernels.internal.Int8Matrix;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks that compute with 8-bit weights. */
class Int8ModelTest {

  private static final Path FAMILIES = Path.of("..", "core", "fixtures", "families");
  private static final Path LLAMA = Golden.folder("models/llama");

  @TempDir private Path temporary;

  @BeforeEach
  void needTheLibrary() {
    Int8Case.needTheLibrary();
  }

  @ParameterizedTest
  @MethodSource("io.adapt4j.qlora.FourBitCase#families")
  void everyFamilyComputesAlmostWhatItDoesWithPlainWeights(String family) {
    long before = Tensor.live();
    Path folder = FAMILIES.resolve(family);
    try (Network int8 = FourBitCase.load(folder, Quantization.int8(), DType.F32);
        Network restored = FourBitCase.plainEqual(folder, int8);
        Network exact = FourBitCase.load(folder, WeightFormat.asStored(), DType.F32)) {
      assertThat(int8.packedLinears()).hasSameSizeAs(int8.layerLinears());
      assertThat(int8.parameterCount()).isEqualTo(exact.parameterCount());
      float[] found = FourBitCase.outputs(int8);
      assertThat(found).containsExactly(FourBitCase.outputs(restored), within(1e-5f));
      assertThat(Int8Case.difference(found, FourBitCase.outputs(exact))).isBetween(1e-6, 0.02);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @EnumSource(
      value = StoredType.class,
      names = {"F32", "F16", "BF16"})
  void weightsOfEveryTypeAreRoundedAsTheyAreStored(StoredType type) {
    FourBitCase.write(temporary, FourBitCase.llama(64, 96, 4, 16, 2, 80), type);
    try (Network int8 = FourBitCase.load(temporary, Quantization.int8(), DType.BF16);
        Network exact = FourBitCase.load(temporary, WeightFormat.asStored(), DType.F32)) {
      assertThat(int8.packedLinears()).allMatch(linear -> linear.original() == type);
      QuantizedLinear down = int8.packedLinears().get(3);
      assertThat(down.packed()).containsExactly("model.layers.0.mlp.down_proj.weight");
      try (Tensor restored = down.restored(down.parts().get(0), DType.F32);
          Tensor wanted =
              exact.linears().get(3).linear().parameters().get(0).value().copyAs(DType.F32)) {
        // Half a step of a block, 1/127 of its largest weight.
        float[] values = wanted.toFloats();
        float most = 0;
        for (float value : values) {
          most = Math.max(most, Math.abs(value));
        }
        assertThat(restored.toFloats()).containsExactly(values, within(most / 127 * 0.57f));
      }
    }
  }

  @Test
  void weightsTakeHalfOfTheBytesOfBfloat16() {
    FourBitCase.write(temporary, FourBitCase.llama(64, 96, 4, 16, 2, 80), StoredType.BF16);
    try (Network int8 = FourBitCase.load(temporary, Quantization.int8(), DType.BF16)) {
      for (QuantizedLinear linear : int8.packedLinears()) {
        // A byte a weight, and two for each 32 of them.
        assertThat(linear.packedBytes()).isEqualTo(linear.packedCount() * 34 / 32);
        assertThat(linear.packing().scales()).isEqualTo(linear.packedCount() / 16);
        assertThat(linear.packing().tables()).isZero();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, 1e-5", "BF16, 3e-2"})
  void modulesThatAreSkippedStayPlainAlsoBesideOthersOfTheSameInput(DType type, float tolerance) {
    Quantization options = Quantization.int8().skip("k_proj", "model.layers.1.mlp");
    try (Network int8 = FourBitCase.load(LLAMA, options, type);
        Network plain = FourBitCase.plainEqual(LLAMA, int8)) {
      assertThat(int8.packedLinears()).hasSize(6);
      assertThat(int8.tensors())
          .containsKey("model.layers.0.self_attn.k_proj.weight")
          .doesNotContainKey("model.layers.0.self_attn.q_proj.weight");
      assertThat(FourBitCase.outputs(int8))
          .containsExactly(FourBitCase.outputs(plain), within(tolerance));
    }
  }

  @Test
  void rowsAndColumnsNeedNotBeWholeTiles() {
    FourBitCase.write(temporary, FourBitCase.llama(33, 35, 3, 10, 2, 40), StoredType.F32);
    try (Network int8 = FourBitCase.load(temporary, Quantization.int8(), DType.F32);
        Network plain = FourBitCase.plainEqual(temporary, int8)) {
      assertThat(FourBitCase.outputs(int8))
          .containsExactly(FourBitCase.outputs(plain), within(1e-5f));
      QuantizedLinear down = int8.packedLinears().get(3);
      assertThat(down.packedBytes()).isEqualTo(Int8Matrix.bytes(33, 35)).isEqualTo(3 * 2 * 544);
    }
  }

  @Test
  void layersThatAreReadTwiceOrClosedTwiceLeakNothing() {
    long before = Tensor.live();
    Network int8 = FourBitCase.load(LLAMA, Quantization.int8(), DType.F32);
    float[] outputs = FourBitCase.outputs(int8);
    try (Checkpoint checkpoint = Checkpoint.open(LLAMA)) {
      int8.packedLinears().forEach(linear -> linear.read(checkpoint));
    }
    assertThat(FourBitCase.outputs(int8)).isEqualTo(outputs);
    QuantizedLinear first = int8.packedLinears().get(0);
    int8.close();
    int8.close();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThatThrownBy(() -> first.restored(first.parts().get(0), DType.F32))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("q_proj has no weights");
  }

  @Test
  void aFourBitCheckpointIsRefused() {
    Path folder = Golden.folder("nf4/llama_nf4_dq");
    assertThatThrownBy(() -> Int8Case.loadModel(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("plain weights, to be held as 8 bits in blocks of 32");
  }

  @Test
  void checkpointsAreNotWrittenInEightBits() {
    assertThatThrownBy(() -> QuantizedCheckpoint.quantize(LLAMA, temporary, Quantization.int8()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected 4 bits, NF4 or FP4, found INT8")
        .hasMessageContaining("rounded while it is read");
    assertThat(temporary).isEmptyDirectory();
  }
}
