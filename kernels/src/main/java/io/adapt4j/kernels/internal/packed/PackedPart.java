package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.kernels.internal.QuantizedTerms;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The quantized weight of one projection. */
public abstract class PackedPart implements AutoCloseable {

  private final Linear.Part part;
  private final long in;

  /** Creates a part without values. */
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

  /** {@return the source of the weight} */
  public abstract WeightSource source();

  /** {@return the memory of the weight, the same before and after it is read} */
  public abstract QuantizedSize bytes();

  public abstract void dequantize(Tensor target);

  /** Dequantizes the weight for writing to a file. */
  public void restore(Tensor target) {
    dequantize(target);
  }

  /** Adds the product with the weight. */
  public abstract boolean describe(QuantizedTerms terms, @Nullable Parameter bias);

  /** {@return the exception for a weight that is not read yet} */
  protected final IllegalStateException withoutWeights() {
    return new IllegalStateException(part.path() + " has no weights");
  }

  /** Fills a tensor that may be on a device with what is computed in host memory. */
  protected static void onHost(Tensor target, Consumer<Tensor> fill) {
    if (target.isOnHost()) {
      fill.accept(target);
      return;
    }
    try (Tensor staged = Tensor.emptyOnHost(target.type(), target.sizes())) {
      fill.accept(staged);
      target.copyFrom(staged);
    }
  }

  @Override
  public abstract void close();
}
