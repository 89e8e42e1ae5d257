package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.attention.DistanceScores;
import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * A layer with bidirectional attention and relative positions.
 *
 * @param normFirst whether norms precede branches, instead of acting on the residual stream
 */
public record DistanceLayer(
    Attention attention,
    DistanceScores scores,
    Norm attentionNorm,
    Mlp mlp,
    Norm mlpNorm,
    boolean normFirst)
    implements Layer {

  /** Creates a layer with norms on the residual stream, as in BERT. */
  public DistanceLayer(
      Attention attention, DistanceScores scores, Norm attentionNorm, Mlp mlp, Norm mlpNorm) {
    this(attention, scores, attentionNorm, mlp, mlpNorm, false);
  }

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int index) {
    Heads shape = attention.heads();
    Tensor[] heads =
        ops.splitHeads(
            attention.qkv().forward(ops, normFirst ? attentionNorm.forward(ops, x) : x),
            new long[] {shape.query(), shape.keyValue(), shape.keyValue()},
            shape.dim());
    Tensor mask = positions.mask(attention.rule().window());
    Tensor attended = attention.output().forward(ops, scores.attend(ops, heads, attention, mask));
    if (normFirst) {
      Tensor sum = ops.add(x, ops.dropAttentionOutput(attended));
      return ops.add(sum, ops.dropMlpOutput(mlp.forward(ops, mlpNorm.forward(ops, sum))));
    }
    Tensor mixed = attentionNorm.ofSum(ops, x, ops.dropAttentionOutput(attended));
    return mlpNorm.ofSum(ops, mixed, ops.dropMlpOutput(mlp.forward(ops, mixed)));
  }

  @Override
  public Mixer mixer() {
    return attention;
  }

  @Override
  public List<Norm> norms() {
    return List.of(attentionNorm, mlpNorm);
  }

  @Override
  public List<LinearSlot> linears() {
    List<LinearSlot> slots = new ArrayList<>(attention.linears());
    slots.addAll(scores.linears());
    slots.addAll(mlp.linears());
    return slots;
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(Layer.super.parameters());
    all.addAll(scores.parameters());
    return all;
  }
}
