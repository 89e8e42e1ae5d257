package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.function.Function;

/** A frozen weight that is dequantized for each use, such as one stored in 4 bits. */
@FunctionalInterface
public interface OnDemandWeight {

  /**
   * Dequantizes the weight and uses it.
   *
   * @param use receives W [out, in], which is freed afterwards; the result must not be a view of it
   */
  Tensor using(DType type, Function<Tensor, Tensor> use);
}
