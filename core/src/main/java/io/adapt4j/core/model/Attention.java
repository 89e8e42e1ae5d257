package io.adapt4j.core.model;

import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Tensor;

/**
 * Grouped-query self-attention with rotary positions (Vaswani et al. 2017; Ainslie et al. 2023).
 *
 * @param qkv the query, key and value projections
 * @param output the projection of the joined heads
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headDim entries a head
 */
record Attention(LinearSlot qkv, LinearSlot output, int heads, int kvHeads, int headDim) {

  Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
    long[] split = {heads + kvHeads, kvHeads};
    Tensor[] parts = ops.splitHeads(qkv.forward(ops, x), split, headDim);
    Tensor[] turned = ops.splitAlongHeads(ops.rotary(parts[0], positions.rotary()), heads);
    Tensor q = turned[0];
    Tensor k = turned[1];
    Tensor v = parts[1];
    double scale = 1 / Math.sqrt(headDim);
    Tensor mixed =
        positions.cache() == null
            ? ops.attention(q, k, v, positions.mask(), scale)
            : positions.cache().attend(layer, q, k, v, positions.mask(), scale);
    return output.forward(ops, mixed);
  }
}
