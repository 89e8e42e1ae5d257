package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.lora.Lora;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a quantization may be. */
class QuantizationTest {

  @ParameterizedTest
  @ValueSource(ints = {0, 32, 63, 96, 8192})
  void otherBlockSizesAreRefused(int size) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Quantization.nf4().blockSize(size))
        .withMessageContaining("blockSize")
        .withMessageContaining("found " + size);
  }

  @Test
  void eightBitsHaveOneBlockSizeAndNoQuantizedScales() {
    Quantization int8 = Quantization.int8();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> int8.blockSize(64))
        .withMessage("int8: expected blockSize 32 and no double quantization, found blockSize 64");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> int8.doubleQuant(true))
        .withMessageEndingWith("found blockSize 32 and double quantization");
    assertThat(int8.skip("down_proj").description())
        .isEqualTo("8 bits in blocks of 32 but for [down_proj]");
  }

  @Test
  void onlyRunningModelsIncludeTheOutputLayer() {
    Quantization with = Quantization.int8().outputLayer(true);
    assertThat(with).isNotEqualTo(Quantization.int8()).isEqualTo(with.skip());
    assertThat(with.outputLayer(false)).isEqualTo(Quantization.int8());
    assertThat(with.description()).isEqualTo("8 bits in blocks of 32, the output layer too");
    for (Quantization weights : List.of(with, Quantization.nf4().outputLayer(true))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> QLora.of(weights, Lora.rank(2)))
          .withMessageContaining("for running models only");
    }
  }

  @Test
  void theNumbersOfEightBitsAreMultiplesOf127th() {
    float[] numbers = QuantType.INT8.numbers();
    assertThat(numbers).hasSize(255).startsWith(-1).endsWith(1).isSorted().contains(0);
    assertThat(numbers[128]).isEqualTo(1f / 127);
  }
}
