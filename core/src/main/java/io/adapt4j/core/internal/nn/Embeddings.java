package io.adapt4j.core.internal.nn;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What turns token ids into the first hidden states.
 *
 * @param tokens one row a token
 * @param positions one row a position, or null where positions are not learned
 * @param types one row a token type, or null
 * @param norm norm of the sum
 * @param scale multiplies the token rows
 */
public record Embeddings(
    Parameter tokens, Parameter positions, Parameter types, Norm norm, Scale scale) {

  /** Where noise is drawn; dropout counts its places from 0. */
  private static final long NOISE_PLACE = -1;

  /**
   * A factor of the embedding.
   *
   * @param factor its value
   * @param rounded whether the reference rounds it to the compute type first
   */
  public record Scale(double factor, boolean rounded) {

    public static final Scale NONE = new Scale(1, false);
  }

  /** What libtorch says of an id without a row. */
  private static final String OUT_OF_RANGE = "index out of range";

  public static Embeddings of(Parameter tokens, Scale scale) {
    return new Embeddings(tokens, null, null, Norm.NONE, scale);
  }

  Tensor forward(Ops ops, Tensor ids, Tensor typeIds, Positions at) {
    double factor = scale.rounded() ? tokens.value().type().round(scale.factor()) : scale.factor();
    Tensor x = noisy(ops, ops.scaled(tokens(ops, ids), factor), at);
    if (positions != null) {
      x = ops.add(x, ops.embedding(at.ids(), positions));
    }
    if (types != null) {
      x = ops.add(x, ops.embedding(typeIds, types));
    }
    return norm.forward(ops, x);
  }

  private Tensor tokens(Ops ops, Tensor ids) {
    try {
      return ops.embedding(ids, tokens);
    } catch (EngineException e) {
      if (!String.valueOf(e.getMessage()).contains(OUT_OF_RANGE)) {
        throw e;
      }
      throw new EngineException(
          "A text holds a token that the model does not know: its embedding has "
              + tokens.value().size(0)
              + " rows, and the token's id is not below that. Take the token out of the text, or"
              + " enlarge the model's embedding first (resize_token_embeddings in Transformers)",
          e);
    }
  }

  private static Tensor noisy(Ops ops, Tensor x, Positions at) {
    if (at.noise() == null || !ops.isRecording()) {
      return x;
    }
    return ops.noise(x, Tensor.of(at.noise(), at.noise().length), NOISE_PLACE);
  }

  List<Parameter> parameters() {
    return Stream.concat(
            Stream.of(tokens, positions, types).filter(Objects::nonNull),
            norm.parameters().stream())
        .toList();
  }
}
