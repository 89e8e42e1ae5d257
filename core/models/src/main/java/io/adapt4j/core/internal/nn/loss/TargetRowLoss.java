package io.adapt4j.core.internal.nn.loss;

import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.function.BiFunction;
import java.util.function.ToDoubleBiFunction;

/** Losses computed from the hidden states of the positions that predict a target. */
public final class TargetRowLoss {

  private TargetRowLoss() {}

  /** Computes a loss without gradients; 0 without targets. */
  public static double evaluate(
      Decoder decoder, Batch batch, ToDoubleBiFunction<Tensor, TargetRows> loss) {
    TargetRows targets = TargetRows.of(batch);
    if (targets.count() == 0) {
      return 0;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = BatchTensors.positions(decoder, batch)) {
      Ops ops = Ops.inference();
      Tensor hidden = decoder.hidden(ops, BatchTensors.ids(batch), positions, false);
      return loss.applyAsDouble(ops.gatherRows(hidden, targets.index()), targets);
    }
  }

  /** Accumulates the gradients of a loss whose gradient by the hidden states a function gives. */
  public static void forwardBackward(
      Decoder decoder,
      Batch batch,
      boolean recompute,
      long seed,
      BiFunction<Tensor, TargetRows, Tensor> hiddenGradient) {
    TargetRows targets = TargetRows.of(batch);
    if (targets.count() == 0) {
      return;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = BatchTensors.positions(decoder, batch);
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor hidden = decoder.hidden(ops, BatchTensors.ids(batch), positions, recompute);
      Tensor rows = ops.gatherRows(hidden, targets.index());
      tape.backward(rows, hiddenGradient.apply(rows, targets), rows);
    }
  }
}
