package io.adapt4j.qlora;

import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.nn.QuantizedSize;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.QuantizedTerms;
import org.jspecify.annotations.Nullable;

/** The weight of one projection in a form that takes fewer bits. */
abstract class PackedPart implements AutoCloseable {

  private final Linear.Part part;
  private final long in;

  PackedPart(Linear.Part part, long in) {
    this.part = part;
    this.in = in;
  }

  final Linear.Part part() {
    return part;
  }

  final long count() {
    return part.width() * in;
  }

  final long in() {
    return in;
  }

  /** Where the weight comes from. */
  abstract WeightSource source();

  /** The memory of the weight, the same before and after it is read. */
  abstract QuantizedSize bytes();

  /**
   * Restores the weight.
   *
   * @param target takes it, [width, in], contiguous
   * @throws IllegalStateException before it is read, and after it is closed
   */
  abstract void dequantize(Tensor target);

  /**
   * Adds the product with the weight.
   *
   * @param bias of the whole layer
   * @return whether the kernels multiply with it
   */
  abstract boolean describe(QuantizedTerms terms, @Nullable Parameter bias);

  final IllegalStateException withoutWeights() {
    return new IllegalStateException(part.path() + " has no weights");
  }

  @Override
  public abstract void close();
}
