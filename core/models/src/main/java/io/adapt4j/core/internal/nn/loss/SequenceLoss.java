package io.adapt4j.core.internal.nn.loss;

import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.List;

/** Cross-entropy of an encoder-decoder's target tokens. */
public final class SequenceLoss {

  private SequenceLoss() {}

  /** Runs the encoder over a batch of another kind than token ids. */
  public interface Source {
    SequenceSource read(Ops ops, boolean recompute);
  }

  /** Sums the loss over the batch's targets. */
  public static double evaluate(EncoderDecoder network, SequenceInputs inputs) {
    return evaluate(network, source(network, inputs), inputs);
  }

  /** Does the same with another source. */
  public static double evaluate(EncoderDecoder network, Source source, SequenceInputs inputs) {
    TargetRows targets = TargetRows.masked(inputs.labels());
    if (targets.count() == 0) {
      return 0;
    }
    try (Scope scope = Scope.open(network.engine())) {
      Tensor rows = rows(network, source, Ops.inference(), inputs, targets, false);
      return VocabularyLoss.evaluate(
          rows, network.head(), targets.targets(), weights(inputs, targets));
    }
  }

  /**
   * Sums the loss over the batch's targets and accumulates the gradients of the sum times a scale
   * in the trained parameters.
   */
  public static double forwardBackward(
      EncoderDecoder network,
      SequenceInputs inputs,
      double smoothing,
      double scale,
      boolean recompute,
      long seed) {
    return forwardBackward(
        network, source(network, inputs), inputs, smoothing, scale, recompute, seed);
  }

  /** Does the same with another source, whose targets the inputs have. */
  public static double forwardBackward(
      EncoderDecoder network,
      Source source,
      SequenceInputs inputs,
      double smoothing,
      double scale,
      boolean recompute,
      long seed) {
    TargetRows targets = TargetRows.masked(inputs.labels());
    if (targets.count() == 0) {
      return 0;
    }
    try (Scope scope = Scope.open(network.engine());
        Tape tape = new Tape()) {
      Tensor rows = rows(network, source, Ops.recording(tape, seed), inputs, targets, recompute);
      VocabularyLoss.Result loss =
          VocabularyLoss.forwardBackward(
              rows, network.head(), targets.targets(), weights(inputs, targets), smoothing, scale);
      tape.backward(rows, loss.hiddenGradient(), rows);
      return loss.sum();
    }
  }

  private static List<Tensor> weights(SequenceInputs inputs, TargetRows targets) {
    return inputs.weights().length == 0
        ? List.of()
        : List.of(targets.ofRows(inputs.weights(), inputs.targetLength()));
  }

  private static Source source(EncoderDecoder network, SequenceInputs inputs) {
    return (ops, recompute) -> network.read(ops, inputs, recompute, null);
  }

  private static Tensor rows(
      EncoderDecoder network,
      Source reading,
      Ops ops,
      SequenceInputs inputs,
      TargetRows targets,
      boolean recompute) {
    SequenceSource source = reading.read(ops, recompute);
    Tensor states =
        network.write(ops, source, inputs.targetInputs(network.specialTokens()), recompute, null);
    return ops.gatherRows(states, targets.index());
  }

  /**
   * Computes the logits of all target positions.
   *
   * @return row-major [rows, targetLength, vocabulary]
   */
  public static float[] logits(EncoderDecoder network, SequenceInputs inputs) {
    try (Scope scope = Scope.open(network.engine())) {
      Ops ops = Ops.inference();
      SequenceSource source = network.read(ops, inputs, false, null);
      Tensor states =
          network.write(ops, source, inputs.targetInputs(network.specialTokens()), false, null);
      return network.head().logits(states).toFloats();
    }
  }
}
