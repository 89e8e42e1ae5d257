package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.List;
import java.util.Optional;

/**
 * Policy model: computes log-probabilities of target tokens at a temperature and their values, and
 * the gradient of any loss of both, in one forward pass.
 */
record Policy(Decoder decoder, Optional<ValueHead> valueHead, double temperature) {

  /** Outputs for the target tokens, row by row. */
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

  /** Gradient of a loss with respect to log-probabilities and values. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Gradient(float[] logProbs, float[] values) {}

  /** Gradient function of a loss. */
  @FunctionalInterface
  interface Derivative {

    /** Returns the gradient with respect to each log-probability and each value. */
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

  /** Accumulates the gradients of a loss times a scale. */
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
    // Placeholder of the loss, whose gradients are already computed.
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

  /** Returns the head with logits, and any soft cap, divided by the temperature. */
  private VocabularyHead head() {
    VocabularyHead head = decoder.head();
    return temperature == 1
        ? head
        : new VocabularyHead(
            head.weight(), head.bias(), head.scale() / temperature, head.softCap() / temperature);
  }

  /** Negates a gradient: cross-entropy is the negative log-probability. */
  private static Tensor negative(float[] derivative) {
    float[] weights = new float[derivative.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = -derivative[i];
    }
    return Tensor.of(weights, weights.length);
  }
}
