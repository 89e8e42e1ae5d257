package io.adapt4j.core.internal.nn.loss;

import io.adapt4j.core.internal.nn.BatchTensors;
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
import io.adapt4j.core.internal.tokenize.Batch;

/** Kullback-Leibler divergence between the predictions of a decoder and its base. */
public final class Divergence {

  private Divergence() {}

  /**
   * Runs a base model through its final norm.
   *
   * @return hidden states of the positions that predict a target [N, hidden]; owned by the open
   *     scope or, without one, by the caller
   */
  public static Tensor rows(Decoder base, Batch batch) {
    try (Scope scope = Scope.open(base.engine());
        Positions positions = BatchTensors.positions(base, batch)) {
      Ops ops = Ops.inference();
      Tensor hidden = base.hidden(ops, BatchTensors.ids(batch), positions, false);
      return scope.keep(ops.gatherRows(hidden, TargetRows.of(batch).index()));
    }
  }

  /**
   * Sums KL(p_base || p_model) over the positions that predict a target, and accumulates the
   * gradients of the sum times a scale in the model's trained parameters.
   */
  public static double forwardBackward(
      Decoder model,
      Batch batch,
      Tensor baseRows,
      VocabularyHead baseHead,
      double scale,
      boolean recompute,
      long seed) {
    try (Scope scope = Scope.open(model.engine());
        Positions positions = BatchTensors.positions(model, batch);
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor hidden = model.hidden(ops, BatchTensors.ids(batch), positions, recompute);
      Tensor rows = ops.gatherRows(hidden, TargetRows.of(batch).index());
      VocabularyLoss.Result sum =
          VocabularyDivergence.forwardBackward(rows, model.head(), baseRows, baseHead, scale);
      tape.backward(rows, sum.hiddenGradient(), rows);
      return sum.sum();
    }
  }
}
