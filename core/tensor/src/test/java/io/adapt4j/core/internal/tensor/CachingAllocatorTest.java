package io.adapt4j.core.internal.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory of closed tensors goes to the next ones, and never to two that are open. */
class CachingAllocatorTest {

  private static final long[] LARGE = {64, 1024};

  private final CachingAllocator allocator = CachingAllocator.host();

  @BeforeEach
  void keepBlocks() {
    allocator.retain();
  }

  @AfterEach
  void keepNothing() {
    allocator.release();
    assertThat(allocator.idleBytes()).isZero();
  }

  private static long addressOfOne(DType type, long... sizes) {
    try (Tensor tensor = Tensor.empty(type, sizes)) {
      return tensor.address();
    }
  }

  @Test
  void theNextTensorOfASizeTakesTheMemoryOver() {
    long first = addressOfOne(DType.BF16, LARGE);
    assertThat(allocator.idleBytes()).isEqualTo(2 * 64 * 1024);
    try (Tensor second = Tensor.empty(DType.BF16, 1024, 64)) {
      assertThat(second.address()).isEqualTo(first);
      assertThat(second.sizes()).containsExactly(1024, 64);
      assertThat(allocator.idleBytes()).isZero();
    }
  }

  @Test
  void aSlightlySmallerTensorTakesItToo() {
    long first = addressOfOne(DType.F32, LARGE);
    assertThat(addressOfOne(DType.F32, 60, 1024)).isEqualTo(first);
  }

  @Test
  void memoryThatAViewLooksAtIsNotGivenAway() {
    Tensor base = Tensor.empty(DType.F32, LARGE);
    Tensor view = base.narrow(0, 3, 2).transposed();
    long address = base.address();
    base.close();
    try (Tensor other = Tensor.empty(DType.F32, LARGE)) {
      assertThat(other.address()).isNotEqualTo(address);
    }
    view.close();
  }

  @Test
  void aViewOfAViewCounts() {
    try (Scope scope = Scope.open()) {
      Tensor base = Tensor.zeros(DType.F32, LARGE);
      Tensor copy = Tensor.empty(DType.F32, LARGE);
      copy.copyFrom(base);
      Tensor row = copy.narrow(0, 7, 1);
      copy.close();
      Tensor part = row.narrow(1, 0, 8);
      row.close();
      Tensor other = Tensor.empty(DType.F32, LARGE);
      other.copyFrom(base.scaled(0).plus(Tensor.of(new float[] {5}, 1)));
      assertThat(part.toFloats()).containsOnly(0);
    }
  }

  /** Idle blocks are freed before the process takes more than it once used. */
  @Test
  void noMoreIsHeldThanWasEverInUse() {
    addressOfOne(DType.F32, LARGE);
    addressOfOne(DType.F32, 32, 1024);
    assertThat(allocator.idleBytes()).isEqualTo(4 * 32 * 1024);
  }

  @Test
  void nothingIsKeptWhereNobodyTrains() {
    allocator.release();
    try (Tensor tensor = Tensor.empty(DType.F32, LARGE)) {
      assertThat(tensor.lease).isNull();
    } finally {
      allocator.retain();
    }
  }
}
