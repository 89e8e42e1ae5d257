package io.adapt4j.core.model;

import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Tensor;

/**
 * One pre-norm transformer layer.
 *
 * @param attentionNorm normalises the input of attention
 * @param attention mixes positions
 * @param mlpNorm normalises the input of the MLP
 * @param mlp works on each position alone
 */
record DecoderLayer(RmsNorm attentionNorm, Attention attention, RmsNorm mlpNorm, GatedMlp mlp) {

  Tensor forward(Ops ops, Tensor x, Positions positions, int layer) {
    Tensor normed = attentionNorm.forward(ops, x);
    Tensor mixed = ops.add(x, attention.forward(ops, normed, positions, layer));
    return ops.add(mixed, mlp.forward(ops, mlpNorm.forward(ops, mixed)));
  }
}
