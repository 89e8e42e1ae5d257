package io.adapt4j.core.internal.tensor;

import java.util.function.Function;

/**
 * A frozen weight that is made when it is needed and lives no longer than its use, such as one that
 * is held in 4 bits.
 */
@FunctionalInterface
public interface OnDemandWeight {

  /**
   * Makes the weight and uses it.
   *
   * @param use takes W [out, in], which is gone when it returns; the result must not be a view of
   *     it
   */
  Tensor using(DType type, Function<Tensor, Tensor> use);
}
