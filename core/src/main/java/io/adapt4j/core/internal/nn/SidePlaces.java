package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Where the tokens of one side of an encoder-decoder stand in a pass, and what they may see: made
 * once, used by every layer.
 *
 * @param positions ids of absolute positions [B, T], or null
 * @param mask added to the scores of self-attention, or null
 * @param buckets of the distances [T, S], or null
 * @param bias the table of the buckets, or null
 * @param memoryMask added to the scores over the encoder's states [B, 1, 1, S], or null in an
 *     encoder
 * @param cache what came before, or null
 */
record SidePlaces(
    @Nullable Tensor positions,
    @Nullable Tensor mask,
    @Nullable Tensor buckets,
    @Nullable Parameter bias,
    @Nullable Tensor memoryMask,
    @Nullable SequenceCache cache) {

  /** What is added to the scores of self-attention by distance [T, S, H], or null. */
  @Nullable Tensor bias(Ops ops, @Nullable Parameter ofLayer) {
    Parameter table = ofLayer == null ? bias : ofLayer;
    return buckets == null || table == null ? null : ops.embedding(buckets, table);
  }

  /** The same places in a pass that reads the encoder's states. */
  SidePlaces reading(Tensor padding) {
    return new SidePlaces(positions, mask, buckets, bias, padding, cache);
  }
}
