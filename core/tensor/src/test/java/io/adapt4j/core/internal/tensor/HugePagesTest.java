package io.adapt4j.core.internal.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.tensor.HugePages.Range;
import java.util.List;
import org.junit.jupiter.api.Test;

class HugePagesTest {

  @Test
  void blocksWithAnAllocatorsHeaderBetweenThemAreOne() {
    assertThat(
            HugePages.joined(
                List.of(
                    new Range(40_000, 50_000), new Range(0, 10_000), new Range(10_064, 20_000))))
        .containsExactly(new Range(0, 20_000), new Range(40_000, 50_000));
  }

  @Test
  void onlyPagesThatLieWithinARangeAreTaken() {
    assertThat(HugePages.whole(new Range(100, 3_500), 1_000)).isEqualTo(new Range(1_000, 3_000));
    assertThat(HugePages.whole(new Range(2_000, 4_000), 1_000)).isEqualTo(new Range(2_000, 4_000));
  }

  @Test
  void memoryIsFilledWhateverTheSystemDoes() {
    try (Tensor large = Tensor.empty(DType.F32, 2 << 20);
        Tensor none = Tensor.empty(DType.F32, 0)) {
      HugePages.during(List.of(large, none), () -> large.data().asFloatBuffer().put(1 << 20, 7));
      assertThat(large.data().asFloatBuffer().get(1 << 20)).isEqualTo(7);
    }
  }
}
