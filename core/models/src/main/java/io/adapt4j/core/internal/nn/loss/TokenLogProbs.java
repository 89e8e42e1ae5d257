package io.adapt4j.core.internal.nn.loss;

import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.List;

/**
 * Log-probabilities of a batch's target tokens, and the gradient of any loss computed from them.
 *
 * <p>Losses over pairs and rollouts need the log-probabilities before they can weight them. One
 * forward pass provides both: the hidden states are kept, and the derivative of the loss by each
 * log-probability, computed by the caller, becomes the weight of its cross-entropy.
 */
public final class TokenLogProbs {

  private TokenLogProbs() {}

  /** Derivative of a loss by the log-probabilities. */
  @FunctionalInterface
  public interface Derivative {

    /** Computes the derivative. */
    float[] at(float[] logProbs);
  }

  /** Computes the log-probabilities of the targets. */
  public static float[] evaluate(Decoder decoder, Batch batch) {
    TargetRows targets = TargetRows.of(batch);
    if (targets.count() == 0) {
      return new float[0];
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = BatchTensors.positions(decoder, batch)) {
      Ops ops = Ops.inference();
      Tensor hidden =
          decoder.hidden(ops, BatchTensors.ids(batch), positions, /* recompute= */ false);
      return score(decoder, ops.gatherRows(hidden, targets.index()), targets);
    }
  }

  /**
   * Computes the log-probabilities of the targets, and accumulates the gradients of a loss computed
   * from them, times a scale, in the trained parameters.
   */
  public static float[] forwardBackward(
      Decoder decoder,
      Batch batch,
      double scale,
      boolean recompute,
      long seed,
      Derivative derivative) {
    TargetRows targets = TargetRows.of(batch);
    if (targets.count() == 0) {
      return new float[0];
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = BatchTensors.positions(decoder, batch);
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor hidden = decoder.hidden(ops, BatchTensors.ids(batch), positions, recompute);
      Tensor rows = ops.gatherRows(hidden, targets.index());
      float[] logProbs = score(decoder, rows, targets);
      VocabularyLoss.Result loss =
          VocabularyLoss.forwardBackward(
              rows,
              decoder.head(),
              targets.targets(),
              List.of(weights(derivative.at(logProbs), logProbs.length)),
              scale);
      tape.backward(rows, loss.hiddenGradient(), rows);
      return logProbs;
    }
  }

  private static float[] score(Decoder decoder, Tensor rows, TargetRows targets) {
    return VocabularyLoss.score(rows, decoder.head(), targets.targets())
        .logProbabilities()
        .toFloats();
  }

  /**
   * Returns cross-entropy weights. A cross-entropy is a negative log-probability, so the sign
   * changes.
   */
  private static Tensor weights(float[] derivative, int count) {
    if (derivative.length != count) {
      throw new IllegalArgumentException(
          "expected the derivative by each of "
              + count
              + " log-probabilities, found "
              + derivative.length);
    }
    float[] weights = new float[count];
    for (int i = 0; i < count; i++) {
      weights[i] = -derivative[i];
    }
    return Tensor.of(weights, count);
  }
}
