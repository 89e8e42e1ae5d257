package io.adapt4j.core.model;

import io.adapt4j.core.engine.Activation;
import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Scores classes of a whole text, or of each token where nothing is pooled: classifier(transform(
 * pooled x)).
 *
 * @param pooling what the text's vector is made of; empty for each token by itself
 * @param transform before the classifier; empty where there is none
 * @param classifier one output a class
 */
record ClassificationHead(
    Optional<Pooling> pooling, Optional<Transform> transform, LinearSlot classifier)
    implements EncoderHead {

  /**
   * norm(act(dense(x))).
   *
   * @param dense a linear layer
   * @param activation after it
   * @param norm after that
   */
  record Transform(LinearSlot dense, Activation activation, Norm norm) {

    Tensor forward(Ops ops, Tensor x) {
      return norm.forward(ops, ops.activation(dense.forward(ops, x), activation));
    }
  }

  /** A head for texts with a transform. */
  static ClassificationHead ofTexts(
      Pooling pooling, LinearSlot dense, Activation activation, Norm norm, LinearSlot classifier) {
    return new ClassificationHead(
        Optional.of(pooling), Optional.of(new Transform(dense, activation, norm)), classifier);
  }

  /** A head for tokens without a transform. */
  static ClassificationHead ofTokens(LinearSlot classifier) {
    return new ClassificationHead(Optional.empty(), Optional.empty(), classifier);
  }

  Tensor logits(Ops ops, Tensor hidden, long[] mask) {
    Tensor pooled = pooling.map(one -> one.pool(ops, hidden, mask)).orElse(hidden);
    Tensor transformed = transform.map(one -> one.forward(ops, pooled)).orElse(pooled);
    return classifier.forward(ops, transformed);
  }

  @Override
  public List<LinearSlot> linears() {
    return Stream.concat(transform.map(Transform::dense).stream(), Stream.of(classifier)).toList();
  }

  @Override
  public List<Parameter> parameters() {
    return transform.map(one -> one.norm().parameters()).orElse(List.of());
  }
}
