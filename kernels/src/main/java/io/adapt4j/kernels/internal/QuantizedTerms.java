package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.linear.LinearTerms;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import org.jspecify.annotations.Nullable;

/** Linear terms that also accept products with quantized weights. */
public interface QuantizedTerms extends LinearTerms {

  /** Adds the product with one projection of a layer. */
  boolean add(FourBitMatrix matrix, long start, @Nullable Parameter bias);

  /** Adds the product with one projection of a layer. */
  void add(Int8Matrix matrix, long start, @Nullable Parameter bias);

  /** Adds the product with one projection of a layer. */
  void add(BlockMatrix matrix, long start, @Nullable Parameter bias);
}
