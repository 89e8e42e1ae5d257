package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.AllKernels;
import io.adapt4j.kernels.internal.FourBitCode;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.FourBitMatrix;
import io.adapt4j.kernels.internal.JavaKernels;
import io.adapt4j.kernels.internal.NestedScales;
import io.adapt4j.kernels.internal.PlainScales;
import io.adapt4j.kernels.internal.QuantizedTensor;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Single tensors against bitsandbytes: codes and scales exactly. */
class GoldenTensorTest {

  private static final JavaKernels KERNELS = JavaKernels.INSTANCE;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nf4_33x50_f32_tail",
        "nf4_96x80_f32_small",
        "nf4_48x40_f16",
        "nf4_128x96_bf16",
        "fp4_33x50_f32_tail",
        "fp4_48x64_bf16"
      })
  void codesScalesAndProductsAreThoseOfBitsandbytes(String name) {
    check(Golden.folder("nf4/" + name + ".safetensors"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"nf4_320x128_f32_many", "nf4_64x64_f32", "fp4_64x64_f32"})
  void soAreThoseOfTheLargerSet(String name) {
    check(Golden.shared("nf4/" + name + ".safetensors"));
  }

  @Test
  void aTensorOfManyBlocksHasSeveralScalesOfScales() {
    try (Checkpoint golden =
        Checkpoint.openFile(Golden.shared("nf4/nf4_320x128_f32_many.safetensors"))) {
      assertThat(Golden.floats(golden, "nested.absmax2")).hasSize(3);
    }
  }

  private static void check(Path file) {
    FourBitCode code =
        file.getFileName().toString().startsWith("fp4") ? FourBitCode.FP4 : FourBitCode.NF4;
    try (Checkpoint golden = Checkpoint.openFile(file)) {
      StoredWeight input = new StoredWeight(golden, "input");
      for (FourBitKernels kernels : AllKernels.present()) {
        checkPlain(golden, input.quantize(new FourBitFormat(code, 64, false), kernels));
        checkNested(golden, input.quantize(new FourBitFormat(code, 64, true), kernels));
      }
    }
  }

  private static void checkPlain(Checkpoint golden, QuantizedTensor tensor) {
    boolean nf4 = tensor.format().code() == FourBitCode.NF4;
    assertThat(tensor.numbers()).isEqualTo(Golden.floats(golden, "quant_map"));
    assertThat(Golden.bytes(tensor.packed()))
        .isEqualTo(Golden.bytes(golden, nf4 ? "packed" : "packed_kernel_rule"));
    assertThat(((PlainScales) tensor.scales()).values()).isEqualTo(Golden.floats(golden, "absmax"));
    checkDequantized(golden, "", tensor);
  }

  private static void checkNested(Checkpoint golden, QuantizedTensor tensor) {
    NestedScales scales = (NestedScales) tensor.scales();
    float offset = Golden.floats(golden, "nested.offset")[0];
    // PyTorch sums floats in its own order: the mean may differ in its last digit.
    assertThat(scales.offset()).isBetween(Math.nextDown(offset), Math.nextUp(offset));
    assertThat(scales.numbers()).isEqualTo(Golden.floats(golden, "nested.code2"));
    assertThat(scales.codes()).isEqualTo(Golden.bytes(golden, "nested.absmax"));
    float[] restored = Golden.floats(golden, "nested.absmax_restored");
    for (int block = 0; block < restored.length; block++) {
      assertThat(scales.of(block)).isCloseTo(restored[block], within(4 * Math.ulp(offset)));
    }
    checkDequantized(golden, "nested.", tensor);
  }

  /** On the recorded codes: those of fp4 come from another rounding rule than ours. */
  private static void checkDequantized(Checkpoint golden, String prefix, QuantizedTensor ours) {
    QuantizedTensor tensor =
        new QuantizedTensor(
            ours.format(),
            ours.numbers(),
            ours.shape(),
            golden.bytes(prefix + "packed"),
            ours.scales());
    boolean exactTable = golden.names().contains("dequant_by_quant_map");
    float[] wanted =
        Golden.floats(golden, prefix + (exactTable ? "dequant_by_quant_map" : "dequant_f32"));
    float[] found = new float[wanted.length];
    KERNELS.dequantize(tensor, 0, found, found.length);
    for (int i = 0; i < wanted.length; i++) {
      float absmax = tensor.scales().of(i / 64);
      assertThat(found[i]).as("weight " + i).isCloseTo(wanted[i], within(1e-6f * absmax));
    }
    if (!exactTable) {
      checkProducts(golden, prefix, tensor);
    }
  }

  private static void checkProducts(Checkpoint golden, String prefix, QuantizedTensor tensor) {
    float[] values = Golden.floats(golden, "x");
    int rows = values.length / tensor.columns();
    try (FourBitMatrix matrix = KERNELS.matrix(tensor);
        Tensor x = Tensor.of(values, rows, tensor.columns());
        Tensor y = Tensor.zeros(DType.F32, rows, tensor.rows())) {
      matrix.multiply(x, y, 0);
      assertThat(y.toFloats())
          .containsExactly(Golden.floats(golden, prefix + "y_f32"), within(1e-4f));
    }
  }
}
