package io.adapt4j.core.internal.nn.loss;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyDivergence;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;

/** Kullback-Leibler divergence between the predictions of a decoder and its base. */
public final class Divergence {

  private Divergence() {}

  /**
   * Runs a base model through its final norm.
   *
   * @return hidden states of the positions that predict a target [N, hidden]; owned by the open
   *     scope or, without one, by the caller
   */
  public static Tensor rows(Decoder base, LanguageModelLoss.Inputs inputs) {
    try (Scope scope = Scope.open(base.engine());
        Positions positions =
            base.positions(inputs.attentionMask(), inputs.rows(), inputs.length())) {
      Ops ops = Ops.inference();
      Tensor hidden = base.hidden(ops, ids(inputs), positions, false);
      return scope.keep(ops.gatherRows(hidden, targets(inputs).index()));
    }
  }

  /**
   * Sums KL(p_base || p_model) over the positions that predict a target, and accumulates the
   * gradients of the sum times a scale in the model's trained parameters.
   */
  public static double forwardBackward(
      Decoder model,
      LanguageModelLoss.Inputs inputs,
      Tensor baseRows,
      VocabularyHead baseHead,
      double scale,
      boolean recompute,
      long seed) {
    try (Scope scope = Scope.open(model.engine());
        Positions positions =
            model.positions(inputs.attentionMask(), inputs.rows(), inputs.length());
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor hidden = model.hidden(ops, ids(inputs), positions, recompute);
      Tensor rows = ops.gatherRows(hidden, targets(inputs).index());
      VocabularyLoss.Result sum =
          VocabularyDivergence.forwardBackward(rows, model.head(), baseRows, baseHead, scale);
      tape.backward(rows, sum.hiddenGradient(), rows);
      return sum.sum();
    }
  }

  private static TargetRows targets(LanguageModelLoss.Inputs inputs) {
    return TargetRows.of(inputs.labels(), inputs.rows(), inputs.length());
  }

  private static Tensor ids(LanguageModelLoss.Inputs inputs) {
    return Tensor.of(inputs.ids(), inputs.rows(), inputs.length());
  }
}
