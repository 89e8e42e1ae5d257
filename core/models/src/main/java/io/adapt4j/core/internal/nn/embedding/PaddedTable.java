package io.adapt4j.core.internal.nn.embedding;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;

/** Token embedding table with a padding row that receives no gradient. */
record PaddedTable(Parameter rows, double factor, int padding) implements TokenEmbedding {

  @Override
  public Tensor forward(Ops ops, Tensor ids, Positions positions) {
    return ops.scaled(ops.embedding(ids, rows, padding), factor);
  }
}
