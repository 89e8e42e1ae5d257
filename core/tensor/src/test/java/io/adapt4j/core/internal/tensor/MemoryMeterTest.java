package io.adapt4j.core.internal.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import org.junit.jupiter.api.Test;

/** Memory that tensors would take, counted without them taking any. */
class MemoryMeterTest {

  private static final long MATRIX = 40L * 30 * Float.BYTES;

  private final MemoryMeter meter = new MemoryMeter();

  @Test
  void viewsCountWithWhatTheyLookAtAndAsLongAsAnyOfThemIsOpen() {
    try (Scope scope = Scope.open(meter.engine())) {
      Tensor matrix = Tensor.zeros(DType.F32, 40, 30);
      Tensor half = matrix.narrow(1, 10, 15);
      Tensor turned = half.transposed();
      assertThat(meter.bytes()).isEqualTo(MATRIX);
      matrix.close();
      half.close();
      assertThat(meter.bytes()).isEqualTo(MATRIX);
      turned.close();
      assertThat(meter.bytes()).isZero();
    }
  }

  @Test
  void aResultIsMemoryOfItsOwnAndAnOperatorInPlaceIsNot() {
    try (Scope scope = Scope.open(meter.engine())) {
      Tensor matrix = Tensor.zeros(DType.F32, 40, 30);
      Tensor sum = matrix.plus(matrix);
      assertThat(meter.bytes()).isEqualTo(2 * MATRIX);
      Ops.inference().activationOf(sum, Activation.SILU);
      assertThat(meter.bytes()).isEqualTo(2 * MATRIX);
    }
    assertThat(meter.bytes()).isZero();
  }

  @Test
  void theHeightIncludesWhatAnOperatorNeedsOnTheWay() {
    try (Scope scope = Scope.open(meter.engine());
        Tape tape = new Tape()) {
      Tensor gateUp = Tensor.zeros(DType.BF16, 2, 3, 8);
      tape.track(gateUp);
      Tensor y = Ops.recording(tape, 1).gated(gateUp, Activation.SILU);
      long before = meter.bytes();
      meter.restart();
      tape.backward(y, Tensor.zeros(DType.BF16, 2, 3, 4), gateUp);
      long gradients = 2 * 3 * (4 + 8) * Short.BYTES;
      assertThat(meter.bytes() - before).isEqualTo(gradients);
      assertThat(meter.peak() - before).isEqualTo(gradients + 2 * 2 * 3 * 4 * Short.BYTES);
    }
  }

  @Test
  void modelsOfAnySizeAreCounted() {
    try (Tensor huge = meter.engine().zeros(DType.BF16, 1L << 20, 1L << 20)) {
      assertThat(huge.isOnHost()).isFalse();
      assertThat(meter.bytes()).isEqualTo(1L << 41);
    }
  }
}
