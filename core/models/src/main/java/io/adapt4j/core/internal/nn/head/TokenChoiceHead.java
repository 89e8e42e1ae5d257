package io.adapt4j.core.internal.nn.head;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/**
 * Scores a text by a language model's preference for one next token over another, such as yes over
 * no: the difference of their logits at the last token. Its sigmoid is the probability of the first
 * among the two.
 */
public record TokenChoiceHead(VocabularyHead vocabulary, int rejected, int chosen)
    implements EncoderHead {

  public Tensor logits(Ops ops, Tensor hidden, long[] mask) {
    Tensor pooled = Pooling.LAST.pool(ops, hidden, mask);
    Tensor ids = Tensor.of(new long[] {rejected, chosen}, 1, 2);
    Tensor rows = ops.embedding(ids, vocabulary.weight());
    Tensor both = ops.scaled(RelativeOps.products(ops, pooled, rows), vocabulary.scale());
    double cap = vocabulary.softCap();
    if (cap > 0) {
      both = ops.scaled(ops.activation(ops.scaled(both, 1 / cap), Activation.TANH), cap);
    }
    Tensor against = RelativeOps.columns(ops, both, 0, 1);
    return ops.add(RelativeOps.columns(ops, both, 1, 1), against, -1);
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of();
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(vocabulary.weight());
  }
}
