package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.nn.QuantizedSize;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.QuantizedTerms;
import org.jspecify.annotations.Nullable;

/** The weight of one projection in a form that takes fewer bits. */
public abstract class PackedPart implements AutoCloseable {

  private final Linear.Part part;
  private final long in;

  /**
   * Makes a part without values.
   *
   * @param part the projection
   * @param in width of its input
   */
  protected PackedPart(Linear.Part part, long in) {
    this.part = part;
    this.in = in;
  }

  /** {@return the projection} */
  public final Linear.Part part() {
    return part;
  }

  /** {@return the number of weights} */
  public final long count() {
    return part.width() * in;
  }

  /** {@return the width of the input} */
  public final long in() {
    return in;
  }

  /** {@return where the weight comes from} */
  public abstract WeightSource source();

  /** {@return the memory of the weight, the same before and after it is read} */
  public abstract QuantizedSize bytes();

  /**
   * Restores the weight.
   *
   * @param target takes it, [width, in], contiguous
   * @throws IllegalStateException before it is read, and after it is closed
   */
  public abstract void dequantize(Tensor target);

  /**
   * Restores the weight to be written to a file.
   *
   * @param target takes it, [width, in], contiguous
   */
  public void restore(Tensor target) {
    dequantize(target);
  }

  /**
   * Adds the product with the weight.
   *
   * @param terms takes it
   * @param bias of the whole layer
   * @return whether the kernels multiply with it
   */
  public abstract boolean describe(QuantizedTerms terms, @Nullable Parameter bias);

  /** {@return what says that the weight is not read yet} */
  protected final IllegalStateException withoutWeights() {
    return new IllegalStateException(part.path() + " has no weights");
  }

  @Override
  public abstract void close();
}
