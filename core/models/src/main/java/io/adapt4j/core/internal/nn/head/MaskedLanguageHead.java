package io.adapt4j.core.internal.nn.head;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/** Masked language modeling head (Devlin et al. 2019): vocabulary(norm(act(dense(x)))). */
public record MaskedLanguageHead(
    LinearSlot dense, Activation activation, Norm norm, VocabularyHead vocabulary)
    implements EncoderHead {

  public Tensor transform(Ops ops, Tensor x) {
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
