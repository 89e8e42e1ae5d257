package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.MemoryMeter;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a plan is told of the loss over the vocabulary, with these kernels present. */
class LossMemoryTest {

  private static final long VOCABULARY = 50_000;
  private static final long ROWS = 4096;

  /** Logits of a chunk of rows exist at once, here a twelfth of all. */
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void logitsOfAllRowsNeverExistAtOnce(DType type) {
    MemoryMeter meter = new MemoryMeter();
    try (Scope scope = Scope.open(meter.engine());
        Parameter weight = Parameter.of("lm_head.weight", VOCABULARY, 8)) {
      weight.allocate(type);
      Tensor states = Tensor.zeros(type, ROWS, 8);
      Tensor targets = Tensor.zeros(DType.I64, ROWS);
      long before = meter.bytes();
      meter.restart();
      VocabularyLoss.forwardBackward(states, VocabularyHead.of(weight), targets, 1);
      long logits = ROWS * VOCABULARY * type.bytes();
      assertThat(meter.peak() - before).isBetween(logits / 13, logits / 2);
    }
  }
}
