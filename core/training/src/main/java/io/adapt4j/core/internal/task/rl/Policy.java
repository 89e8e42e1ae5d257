package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyChoices;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.List;
import java.util.Optional;

/**
 * Policy model: computes log-probabilities of target tokens at a temperature and their values, and
 * the gradient of any loss of both, in one forward pass.
 */
public record Policy(Decoder decoder, Optional<ValueHead> valueHead, double temperature) {

  /** Outputs for the target tokens, row by row. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Scores(float[] logProbs, float[] entropies, float[] values) {

    static final Scores NONE = new Scores(new float[0], new float[0], new float[0]);

    double entropySum() {
      double sum = 0;
      for (float entropy : entropies) {
        sum += entropy;
      }
      return sum;
    }
  }

  /**
   * Gradient of a loss with respect to log-probabilities, entropies and values; the last two may be
   * empty for 0.
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Gradient(float[] logProbs, float[] entropies, float[] values) {}

  /** Gradient function of a loss. */
  @FunctionalInterface
  public interface Derivative {

    /** Returns the gradient with respect to each output. */
    Gradient at(Scores scores);
  }

  /** Computes the outputs for the targets of a batch. */
  public Scores evaluate(Batch batch) {
    TargetRows targets = TargetRows.of(batch);
    if (targets.count() == 0) {
      return Scores.NONE;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = BatchTensors.positions(decoder, batch)) {
      Ops ops = Ops.inference();
      Tensor rows =
          ops.gatherRows(
              decoder.hidden(ops, BatchTensors.ids(batch), positions, false), targets.index());
      return scores(rows, targets, valueHead.map(head -> head.forward(ops, rows)));
    }
  }

  /** Accumulates the gradients of a loss times a scale. */
  public void forwardBackward(
      Batch batch, double scale, boolean recompute, long seed, Derivative derivative) {
    TargetRows targets = TargetRows.of(batch);
    if (targets.count() == 0) {
      return;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = BatchTensors.positions(decoder, batch);
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor rows =
          ops.gatherRows(
              decoder.hidden(ops, BatchTensors.ids(batch), positions, recompute), targets.index());
      Optional<Tensor> values = valueHead.map(head -> head.forward(ops, rows));
      Gradient by = derivative.at(scores(rows, targets, values));
      Tensor byRows = hiddenGradient(rows, targets, by, scale);
      if (values.isEmpty()) {
        tape.backward(rows, byRows, rows);
      } else {
        backward(tape, rows, byRows, values.get(), by.values(), scale);
      }
    }
  }

  private Tensor hiddenGradient(Tensor rows, TargetRows targets, Gradient by, double scale) {
    return by.entropies().length == 0
        ? VocabularyLoss.forwardBackward(
                rows, head(), targets.targets(), List.of(negative(by.logProbs())), scale)
            .hiddenGradient()
        : VocabularyChoices.backward(
            rows, head(), targets.targets(), by.logProbs(), by.entropies(), scale);
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
