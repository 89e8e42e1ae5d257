package io.adapt4j.core.internal.nn.loss;

import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.ClassLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;

/** Loss of classification and regression, for texts or their tokens. */
public final class TextLoss {

  private TextLoss() {}

  /** A loss and the scores it was computed from. */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  public record Scored(double sum, float[] logits) {}

  /** Sums the loss over the batch's targets. */
  public static Scored evaluate(Encoder encoder, Batch batch, TextTargets targets) {
    try (Scope scope = Scope.open(encoder.engine());
        Positions positions = BatchTensors.positions(encoder, batch)) {
      Tensor logits =
          selected(encoder, Ops.inference(), batch, positions, targets, /* recompute= */ false);
      return new Scored(targets.loss(logits).sum(), logits.toFloats());
    }
  }

  /**
   * Sums the loss over the batch's targets and accumulates the gradients of the sum times a scale
   * in the trained parameters.
   */
  public static double forwardBackward(
      Encoder encoder,
      Batch batch,
      TextTargets targets,
      double scale,
      boolean recompute,
      long seed) {
    try (Scope scope = Scope.open(encoder.engine());
        Positions positions = BatchTensors.positions(encoder, batch);
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor logits = selected(encoder, ops, batch, positions, targets, recompute);
      ClassLoss.Result loss = targets.loss(logits);
      Tensor gradient = loss.logitsGradient().scaled(scale);
      tape.backward(logits, gradient, logits);
      return loss.sum();
    }
  }

  /** Computes the classifier's input for the batch's targets. */
  public static float[] features(Encoder encoder, Batch batch, TextTargets targets) {
    try (Scope scope = Scope.open(encoder.engine());
        Positions positions = BatchTensors.positions(encoder, batch)) {
      Ops ops = Ops.inference();
      Tensor hidden =
          encoder.hidden(
              ops,
              BatchTensors.ids(batch),
              BatchTensors.types(encoder, batch),
              positions,
              /* recompute= */ false);
      Tensor features = encoder.classifierInput(ops, hidden, batch.ids(), batch.attentionMask());
      return targets.select(ops, features).toFloats();
    }
  }

  private static Tensor selected(
      Encoder encoder,
      Ops ops,
      Batch batch,
      Positions positions,
      TextTargets targets,
      boolean recompute) {
    Tensor hidden =
        encoder.hidden(
            ops, BatchTensors.ids(batch), BatchTensors.types(encoder, batch), positions, recompute);
    return targets.select(
        ops, encoder.classLogits(ops, hidden, batch.ids(), batch.attentionMask()));
  }
}
