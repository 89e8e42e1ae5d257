package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.tensor.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptCostsTest {

  @ParameterizedTest
  @CsvSource({
    "granite,     F32,  256, true",
    "granite,     BF16, 32,  true",
    "lfm2,        F32,  256, true",
    "lfm2,        BF16, 32,  false",
    "bamba,       BF16, 256, true",
    "falcon_h1,   BF16, 256, true",
    "qwen3_5,     BF16, 256, true",
    "qwen3_moe,   BF16, 128, true",
    "mixtral,     F32,  256, true"
  })
  void promptsAreReadByWhatIsFasterForTheLayers(
      String family, DType type, int longest, boolean more) {
    try (Decoder decoder = StepKernelsTest.load(family, type)) {
      assertThat(PromptCosts.of(decoder, true)).isEqualTo(new PromptCosts(longest, more));
    }
  }

  @Test
  void withoutProductsOfManyTokensOperatorsReadAllButShortPrompts() {
    try (Decoder decoder = StepKernelsTest.load("qwen3_5", DType.F32)) {
      assertThat(PromptCosts.of(decoder, false)).isEqualTo(new PromptCosts(32, false));
    }
  }
}
