package io.adapt4j.core.model;

import io.adapt4j.core.engine.Activation;
import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Tensor;
import java.util.List;

/**
 * Scores classes of a whole text: classifier(norm(act(dense(pooled x)))).
 *
 * @param pooling what the text's vector is made of
 * @param dense the transform
 * @param activation after it
 * @param norm after that
 * @param classifier one output a class
 */
record ClassificationHead(
    Pooling pooling, LinearSlot dense, Activation activation, Norm norm, LinearSlot classifier)
    implements EncoderHead {

  Tensor logits(Ops ops, Tensor hidden, long[] mask) {
    Tensor pooled = pooling.pool(ops, hidden, mask);
    Tensor transformed = norm.forward(ops, ops.activation(dense.forward(ops, pooled), activation));
    return classifier.forward(ops, transformed);
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of(dense, classifier);
  }

  @Override
  public List<Parameter> parameters() {
    return norm.parameters();
  }
}
