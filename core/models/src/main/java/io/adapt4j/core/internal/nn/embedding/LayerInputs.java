package io.adapt4j.core.internal.nn.embedding;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * Per-layer inputs: for each layer and token, a row of a second embedding table and a projection of
 * the token's embedding, read in addition to the residual stream (Google 2025, Gemma 3n).
 */
public record LayerInputs(
    Parameter tokens, Embeddings.Scale scale, LinearSlot projection, Norm norm, int layers) {

  /**
   * Computes the inputs of all layers.
   *
   * @param ids token ids [B, T]
   * @param x their embeddings [B, T, hidden]
   * @return [B, T, layers * width]
   */
  public Tensor forward(Ops ops, Tensor ids, Tensor x) {
    long[] sizes = x.sizes();
    long width = tokens.sizes()[1] / layers;
    double factor = 1 / Math.sqrt((double) sizes[2]);
    Tensor projected = ops.scaled(projection.forward(ops, x), factor);
    Tensor apart = StreamOps.shaped(ops, projected, sizes[0], sizes[1], layers, width);
    Tensor normed =
        StreamOps.shaped(ops, norm.forward(ops, apart), sizes[0], sizes[1], layers * width);
    Tensor rows = ops.embedding(StreamOps.idsBelow(ids, tokens.sizes()[0]), tokens);
    Tensor looked = ops.scaled(rows, new TokenTable(tokens, scale).factor());
    return ops.scaled(ops.add(normed, looked), Math.sqrt(0.5));
  }

  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(List.of(tokens));
    all.addAll(projection.linear().parameters());
    all.addAll(norm.parameters());
    return all;
  }
}
