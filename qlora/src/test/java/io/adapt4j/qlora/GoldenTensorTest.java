package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    QuantType type =
        file.getFileName().toString().startsWith("fp4") ? QuantType.FP4 : QuantType.NF4;
    Quantization quantization = new Quantization(type, 64, false);
    try (Checkpoint golden = Checkpoint.openFile(file)) {
      StoredWeight input = new StoredWeight(golden, "input");
      for (FourBitKernels kernels : quantisers()) {
        checkPlain(golden, input.quantise(quantization, kernels));
        checkNested(golden, input.quantise(quantization.doubleQuant(true), kernels));
      }
    }
  }

  /** Java, and every variant in C++ that runs here. */
  private static List<FourBitKernels> quantisers() {
    List<FourBitKernels> all = new ArrayList<>(List.of(KERNELS));
    if (CpuLibrary.get().isPresent()) {
      CpuKernelsTest.variants().map(CpuKernels::of).forEach(all::add);
    }
    return all;
  }

  private static void checkPlain(Checkpoint golden, QuantisedTensor tensor) {
    boolean nf4 = tensor.quantization().type() == QuantType.NF4;
    assertThat(tensor.numbers()).isEqualTo(Golden.floats(golden, "quant_map"));
    assertThat(Golden.bytes(tensor.packed()))
        .isEqualTo(Golden.bytes(golden, nf4 ? "packed" : "packed_kernel_rule"));
    assertThat(((PlainScales) tensor.scales()).values()).isEqualTo(Golden.floats(golden, "absmax"));
    checkDequantised(golden, "", tensor);
  }

  private static void checkNested(Checkpoint golden, QuantisedTensor tensor) {
    NestedScales scales = (NestedScales) tensor.scales();
    float offset = Golden.floats(golden, "nested.offset")[0];
    // PyTorch sums floats in an order of its own: the mean may differ in its last digit.
    assertThat(scales.offset()).isBetween(Math.nextDown(offset), Math.nextUp(offset));
    assertThat(scales.numbers()).isEqualTo(Golden.floats(golden, "nested.code2"));
    assertThat(scales.codes()).isEqualTo(Golden.bytes(golden, "nested.absmax"));
    float[] restored = Golden.floats(golden, "nested.absmax_restored");
    for (int block = 0; block < restored.length; block++) {
      assertThat(scales.of(block)).isCloseTo(restored[block], within(4 * Math.ulp(offset)));
    }
    checkDequantised(golden, "nested.", tensor);
  }

  /** On the recorded codes: those of fp4 come from another rounding rule than ours. */
  private static void checkDequantised(Checkpoint golden, String prefix, QuantisedTensor ours) {
    QuantisedTensor tensor =
        new QuantisedTensor(
            ours.quantization(),
            ours.numbers(),
            ours.shape(),
            ours.original(),
            golden.bytes(prefix + "packed"),
            ours.scales());
    boolean exactTable = golden.names().contains("dequant_by_quant_map");
    float[] wanted =
        Golden.floats(golden, prefix + (exactTable ? "dequant_by_quant_map" : "dequant_f32"));
    float[] found = new float[wanted.length];
    KERNELS.dequantise(tensor, 0, found, found.length);
    for (int i = 0; i < wanted.length; i++) {
      float absmax = tensor.scales().of(i / 64);
      assertThat(found[i]).as("weight " + i).isCloseTo(wanted[i], within(1e-6f * absmax));
    }
    if (!exactTable) {
      checkProducts(golden, prefix, tensor);
    }
  }

  private static void checkProducts(Checkpoint golden, String prefix, QuantisedTensor tensor) {
    float[] x = Golden.floats(golden, "x");
    int rows = x.length / tensor.columns();
    assertThat(KERNELS.matmul(tensor, x, rows))
        .containsExactly(Golden.floats(golden, prefix + "y_f32"), within(1e-4f));
  }
}
