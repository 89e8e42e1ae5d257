package io.adapt4j.core.internal.nn.sequence;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Positions and masks of one side of an encoder-decoder in a pass: created once and used by every
 * layer.
 *
 * @param positions ids of absolute positions [B, T], or null
 * @param buckets distance buckets [T, S], or null
 * @param memoryMask additive mask of cross-attention [B, 1, 1, S], or null in an encoder
 */
public record SidePlaces(
    @Nullable Tensor positions,
    @Nullable Tensor mask,
    @Nullable Tensor buckets,
    @Nullable Parameter bias,
    @Nullable Tensor memoryMask,
    @Nullable SequenceCache cache) {

  /** Returns the relative position bias of self-attention [T, S, H], or null. */
  @Nullable Tensor bias(Ops ops, @Nullable Parameter ofLayer) {
    Parameter table = ofLayer == null ? bias : ofLayer;
    return buckets == null || table == null ? null : ops.embedding(buckets, table);
  }

  /** Returns the same positions with a mask for cross-attention. */
  public SidePlaces reading(Tensor padding) {
    return new SidePlaces(positions, mask, buckets, bias, padding, cache);
  }
}
