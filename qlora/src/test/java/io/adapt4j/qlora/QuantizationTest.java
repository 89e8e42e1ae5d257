package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

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
}
