package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Activation;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.VocabularyHead;
import java.util.ArrayList;
import java.util.List;

/** Masked language modeling head (Devlin et al. 2019): vocabulary(norm(act(dense(x)))). */
public record MaskedLanguageHead(
    LinearSlot dense, Activation activation, Norm norm, VocabularyHead vocabulary)
    implements EncoderHead {

  Tensor transform(Ops ops, Tensor x) {
    return norm.forward(ops, ops.activation(dense.forward(ops, x), activation));
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of(dense);
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(norm.parameters());
    all.add(vocabulary.weight());
    if (vocabulary.bias() != null) {
      all.add(vocabulary.bias());
    }
    return all;
  }
}
