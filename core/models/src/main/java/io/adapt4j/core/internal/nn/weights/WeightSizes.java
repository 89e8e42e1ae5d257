package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import java.util.Optional;

/** Sizes of quantized weights in linear layers. */
@FunctionalInterface
public interface WeightSizes {

  /** No quantized weights: all are in the compute type. */
  WeightSizes NONE = (part, in) -> Optional.empty();

  /** Returns the size of a projection's weight; empty if it is not quantized. */
  Optional<QuantizedSize> of(Linear.Part part, long in);
}
