package io.adapt4j.core.internal.nn.sequence;

import io.adapt4j.core.internal.tensor.Tensor;

/**
 * Output of the encoder for a batch.
 *
 * @param states [B, S, hidden], after the final norm
 * @param mask hides padding [B, 1, 1, S]
 */
public record SequenceSource(Tensor states, Tensor mask) {}
