package io.adapt4j.lora.internal.layer;

import io.adapt4j.core.internal.nn.linear.Linear;

/**
 * One adapted projection.
 *
 * @param transposed whether checkpoints store its weight as [in, out]
 */
public record AdaptedPart(
    int slot,
    Linear.Part part,
    String origin,
    long in,
    int rank,
    double scale,
    boolean transposed,
    boolean dora,
    boolean biasOfB) {

  /** Returns the same adaptation for another part. */
  public AdaptedPart at(Linear.Part place) {
    return new AdaptedPart(slot, place, origin, in, rank, scale, transposed, dora, biasOfB);
  }

  /** Returns the maximum rank of an update of this projection. */
  public long fullRank() {
    return Math.min(in, part.width());
  }

  public long count() {
    return rank * (in + part.width()) + ((dora ? 1 : 0) + (biasOfB ? 1 : 0)) * part.width();
  }
}
