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
import org.jspecify.annotations.Nullable;

/**
 * Masked language modeling head (Devlin et al. 2019): vocabulary(norm(act(dense(x)))).
 *
 * @param dense projection before the vocabulary, or null for the vocabulary alone
 */
public record MaskedLanguageHead(
    @Nullable LinearSlot dense, Activation activation, Norm norm, VocabularyHead vocabulary)
    implements EncoderHead {

  /** Creates a head without a projection before the vocabulary. */
  public MaskedLanguageHead(VocabularyHead vocabulary) {
    this(null, Activation.GELU, Norm.NONE, vocabulary);
  }

  public Tensor transform(Ops ops, Tensor x) {
    return dense == null ? x : norm.forward(ops, ops.activation(dense.forward(ops, x), activation));
  }

  @Override
  public List<LinearSlot> linears() {
    return dense == null ? List.of() : List.of(dense);
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
