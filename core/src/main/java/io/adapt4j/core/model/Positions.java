package io.adapt4j.core.model;

import io.adapt4j.core.engine.RotaryTable;
import io.adapt4j.core.engine.Tensor;

/**
 * Where the tokens of one forward pass stand and what they may see. The same for every layer;
 * closed by whoever asked the decoder for it.
 *
 * @param rotary rotary table of the positions
 * @param mask additive attention mask [B, 1, T, keys], or null for the plain causal one
 * @param cache keys and values of earlier tokens, or null
 */
public record Positions(RotaryTable rotary, Tensor mask, KvCache cache) implements AutoCloseable {

  /** Closes the table and the mask; the cache stays open. */
  @Override
  public void close() {
    rotary.close();
    if (mask != null) {
      mask.close();
    }
  }
}
