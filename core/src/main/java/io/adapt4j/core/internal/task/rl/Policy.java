package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.LanguageModelLoss;
import io.adapt4j.core.internal.nn.Positions;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tape;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.VocabularyHead;
import io.adapt4j.core.internal.tensor.VocabularyLoss;
import java.util.List;
import java.util.Optional;

/**
 * Log-probabilities of a batch's target tokens at a temperature, the values before them, and the
 * gradient of any loss made of both, in one forward pass.
 */
record Policy(Decoder decoder, Optional<ValueHead> valueHead, double temperature) {

  /** Numbers of the target tokens, row by row. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Scores(float[] logProbs, float[] entropies, float[] values) {

    static final Scores NONE = new Scores(new float[0], new float[0], new float[0]);

    double entropySum() {
      double sum = 0;
      for (float entropy : entropies) {
        sum += entropy;
      }
      return sum;
    }
  }

  /** Derivatives of a loss. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Gradient(float[] logProbs, float[] values) {}

  /** The derivative of a loss by what it is made of. */
  @FunctionalInterface
  interface Derivative {

    /** Returns the derivative by each log-probability and each value. */
    Gradient at(Scores scores);
  }

  Scores evaluate(LanguageModelLoss.Inputs inputs) {
    TargetRows targets = targets(inputs);
    if (targets.count() == 0) {
      return Scores.NONE;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = positions(inputs)) {
      Ops ops = Ops.inference();
      Tensor rows = ops.gatherRows(hidden(ops, inputs, positions, false), targets.index());
      return scores(rows, targets, valueHead.map(head -> head.forward(ops, rows)));
    }
  }

  /** Adds the gradients of a loss, times a scale, to the trained parameters. */
  void forwardBackward(
      LanguageModelLoss.Inputs inputs,
      double scale,
      boolean recompute,
      long seed,
      Derivative derivative) {
    TargetRows targets = targets(inputs);
    if (targets.count() == 0) {
      return;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = positions(inputs);
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor rows = ops.gatherRows(hidden(ops, inputs, positions, recompute), targets.index());
      Optional<Tensor> values = valueHead.map(head -> head.forward(ops, rows));
      Gradient by = derivative.at(scores(rows, targets, values));
      VocabularyLoss.Result loss =
          VocabularyLoss.forwardBackward(
              rows, head(), targets.targets(), List.of(negative(by.logProbs())), scale);
      if (values.isEmpty()) {
        tape.backward(rows, loss.hiddenGradient(), rows);
      } else {
        backward(tape, rows, loss.hiddenGradient(), values.get(), by.values(), scale);
      }
    }
  }

  private static void backward(
      Tape tape, Tensor rows, Tensor byRows, Tensor values, float[] byValues, double scale) {
    // Stands for the loss: what its derivatives will be is known already.
    Tensor end = Tensor.zeros(DType.F32, 1);
    tape.record(
        new Tensor[] {end},
        new Tensor[] {rows, values},
        d ->
            new Tensor[] {
              byRows.copyAs(rows.type()),
              Tensor.of(byValues, byValues.length, 1).scaled(scale).copyAs(values.type())
            });
    tape.backward(end, end, end);
  }

  private Tensor hidden(
      Ops ops, LanguageModelLoss.Inputs inputs, Positions positions, boolean recompute) {
    Tensor ids = Tensor.of(inputs.ids(), inputs.rows(), inputs.length());
    return decoder.hidden(ops, ids, positions, recompute);
  }

  private Positions positions(LanguageModelLoss.Inputs inputs) {
    return decoder.positions(inputs.attentionMask(), inputs.rows(), inputs.length());
  }

  private static TargetRows targets(LanguageModelLoss.Inputs inputs) {
    return TargetRows.of(inputs.labels(), inputs.rows(), inputs.length());
  }

  private Scores scores(Tensor rows, TargetRows targets, Optional<Tensor> values) {
    VocabularyLoss.Choices choices = VocabularyLoss.choices(rows, head(), targets.targets());
    return new Scores(
        choices.logProbabilities().toFloats(),
        choices.entropies().toFloats(),
        values.map(Tensor::toFloats).orElse(new float[0]));
  }

  /** The head with logits over the temperature; a soft cap shrinks with them. */
  private VocabularyHead head() {
    VocabularyHead head = decoder.head();
    return temperature == 1
        ? head
        : new VocabularyHead(
            head.weight(), head.bias(), head.scale() / temperature, head.softCap() / temperature);
  }

  /** A cross-entropy is a negative log-probability, so the sign changes. */
  private static Tensor negative(float[] derivative) {
    float[] weights = new float[derivative.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = -derivative[i];
    }
    return Tensor.of(weights, weights.length);
  }
}
