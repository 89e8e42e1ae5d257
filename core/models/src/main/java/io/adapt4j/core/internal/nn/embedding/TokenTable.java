package io.adapt4j.core.internal.nn.embedding;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;

/** Token embedding table with one row per token. Shape of {@code rows}: [vocabulary, hidden]. */
public record TokenTable(Parameter rows, Embeddings.Scale scale) implements TokenEmbedding {

  /** libtorch's message for an id without a row. */
  private static final String OUT_OF_RANGE = "index out of range";

  @Override
  public Tensor forward(Ops ops, Tensor ids, Positions positions) {
    return ops.scaled(lookUp(ops, ids), factor());
  }

  /** {@return the factor of the rows} */
  public double factor() {
    return scale.rounded() ? rows.value().type().round(scale.factor()) : scale.factor();
  }

  private Tensor lookUp(Ops ops, Tensor ids) {
    try {
      return ops.embedding(ids, rows);
    } catch (EngineException e) {
      if (!String.valueOf(e.getMessage()).contains(OUT_OF_RANGE)) {
        throw e;
      }
      throw new EngineException(
          "A text holds a token that the model does not know: its embedding has "
              + rows.value().size(0)
              + " rows, and the token's id is not below that. Take the token out of the text, or"
              + " enlarge the model's embedding first (resize_token_embeddings in Transformers)",
          e);
    }
  }
}
