package io.adapt4j.core.internal.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import java.util.List;
import org.junit.jupiter.api.Test;

class DnnLinearTest {

  private static final Operator PLAIN = Operator.core("linear");

  @Test
  void productsAreThoseOfLibtorch() {
    assumeTrue(DnnLinear.isPresent(), "libtorch has no oneDNN here");
    Torch.seed(1);
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.randn(DType.F32, 3, 7, 20);
      Tensor weight = Tensor.randn(DType.F32, 33, 20);
      Tensor bias = Tensor.randn(DType.F32, 33);
      for (List<Tensor> added : List.of(List.of(bias), List.<Tensor>of())) {
        Tensor found = DnnLinear.linear(x, weight, added);
        assertThat(found.sizes()).containsExactly(3, 7, 33);
        assertThat(found.toFloats())
            .containsExactly(PLAIN.tensor(x, weight, added).toFloats(), within(2e-5f));
      }
    }
  }

  @Test
  void halfTypesAndSmallProductsAreLeftToLibtorch() {
    try (Scope scope = Scope.open()) {
      Tensor small = Tensor.zeros(DType.F32, 4, 64);
      Tensor half = Tensor.zeros(DType.BF16, 512, 512);
      assertThat(DnnLinear.takes(small, Tensor.zeros(DType.F32, 64, 64))).isFalse();
      assertThat(DnnLinear.takes(half, half)).isFalse();
    }
  }
}
