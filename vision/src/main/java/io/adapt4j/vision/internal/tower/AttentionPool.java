package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;

/**
 * Pooling of SigLIP: one learned query attends to all patches, then an MLP.
 *
 * @param probe the query [1, hidden]
 * @param projection queries, keys and values in one matrix [3 hidden, hidden]
 */
record AttentionPool(
    int heads,
    int width,
    Parameter probe,
    Parameter projection,
    Parameter bias,
    LinearSlot output,
    LayerNorm norm,
    PlainMlp mlp) {

  static AttentionPool declare(TowerWeights weights, String path, TowerSizes sizes) {
    int hidden = sizes.hidden();
    String attention = path + ".attention.";
    PlainMlp mlp = TowerLayers.mlp(path + ".mlp", sizes, "fc1", "fc2");
    mlp.linears().forEach(weights::add);
    return new AttentionPool(
        sizes.heads(),
        sizes.headWidth(),
        weights.add(Parameter.of(path + ".probe", 1, hidden), 1, 1, hidden),
        weights.add(Parameter.of(attention + "in_proj_weight", 3L * hidden, hidden)),
        weights.add(Parameter.of(attention + "in_proj_bias", 3L * hidden)),
        weights.add(LinearSlot.of(attention + "out_proj", hidden, true, hidden)),
        weights.add(LayerNorm.declare(path + ".layernorm", hidden, true, sizes.eps())),
        mlp);
  }

  /** Pools [B, T, hidden] to [B, 1, hidden]. */
  Tensor forward(Ops ops, Tensor states) {
    int rows = Math.toIntExact(states.size(0));
    Tensor queries = ops.embedding(Tensor.of(new long[rows], rows, 1), probe);
    Tensor[] keysValues = heads(ops, states);
    AttentionRule rule = AttentionRule.bothWays(width, 0);
    Tensor attended =
        ops.attention(heads(ops, queries)[0], keysValues[1], keysValues[2], null, rule);
    Tensor pooled = output.forward(ops, attended);
    return ops.add(pooled, mlp.forward(ops, norm.forward(ops, pooled)));
  }

  private Tensor[] heads(Ops ops, Tensor x) {
    return ops.splitHeads(ops.linear(x, projection, bias), new long[] {heads, heads, heads}, width);
  }
}
