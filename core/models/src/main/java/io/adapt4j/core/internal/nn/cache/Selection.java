package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.tensor.Tensor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Choice of the cached tokens that new ones read. */
public interface Selection {

  /** Returns the number of tokens read; texts up to this length are read whole. */
  int chosen();

  /**
   * Chooses.
   *
   * @param keys the cached keys, with those of the new tokens [B, 1, S, W]
   * @param mask additive mask of what may be chosen; null for the causal one
   * @return additive mask [B, 1, T, S]
   */
  Tensor mask(Supplier<Tensor> keys, @Nullable Tensor mask);

  /** Returns the choice of some of the new tokens, for texts in one row. */
  Selection of(long from, long tokens);
}
