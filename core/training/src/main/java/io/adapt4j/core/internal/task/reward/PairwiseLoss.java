package io.adapt4j.core.internal.task.reward;

import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;

/** Pairwise loss of a reward model, computed in one forward pass over both sides. */
public record PairwiseLoss(Encoder encoder, PairwiseObjective objective) {

  /** Loss and rewards of a batch. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Scored(double sum, float[] rewards) {}

  public Scored evaluate(RewardBatch batch) {
    Batch sides = batch.sides();
    try (Scope scope = Scope.open(encoder.engine());
        Positions positions = BatchTensors.positions(encoder, sides)) {
      float[] rewards = rewards(Ops.inference(), sides, positions, false).toFloats();
      return new Scored(outcome(batch, rewards).loss(), rewards);
    }
  }

  /** Returns the loss and accumulates its gradients times a scale. */
  public double forwardBackward(RewardBatch batch, double scale, boolean recompute, long seed) {
    Batch sides = batch.sides();
    try (Scope scope = Scope.open(encoder.engine());
        Positions positions = BatchTensors.positions(encoder, sides);
        Tape tape = new Tape()) {
      Tensor rewards = rewards(Ops.recording(tape, seed), sides, positions, recompute);
      PairwiseObjective.Outcome outcome = outcome(batch, rewards.toFloats());
      Tensor gradient =
          Tensor.of(outcome.derivative(), rewards.sizes()).scaled(scale).copyAs(rewards.type());
      tape.backward(rewards, gradient, rewards);
      return outcome.loss();
    }
  }

  private PairwiseObjective.Outcome outcome(RewardBatch batch, float[] rewards) {
    return objective.of(rewards, batch.margins(), batch.weights());
  }

  private Tensor rewards(Ops ops, Batch sides, Positions positions, boolean recompute) {
    Tensor ids = BatchTensors.ids(sides);
    Tensor types = BatchTensors.types(sides);
    Tensor hidden = encoder.hidden(ops, ids, types, positions, recompute);
    return encoder.classLogits(ops, hidden, sides.ids(), sides.attentionMask());
  }
}
