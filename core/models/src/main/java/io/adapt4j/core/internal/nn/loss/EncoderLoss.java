package io.adapt4j.core.internal.nn.loss;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.ClassLoss;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;

/**
 * Training loss of encoders: cross-entropy of masked tokens (Devlin et al. 2019) or of classes,
 * depending on the encoder's output layer.
 */
public final class EncoderLoss {

  private static final String SINGLE_LABEL = "single_label_classification";

  private EncoderLoss() {}

  /** Sums the loss over the batch's targets. */
  public static double evaluate(Encoder encoder, Batch batch) {
    try (Scope scope = Scope.open(encoder.engine());
        Positions positions = BatchTensors.positions(encoder, batch)) {
      Ops ops = Ops.inference();
      Tensor hidden =
          encoder.hidden(
              ops, BatchTensors.ids(batch), BatchTensors.types(encoder, batch), positions, false);
      if (!encoder.predictsTokens()) {
        return classLoss(encoder, ops, hidden, batch).result().sum();
      }
      TargetRows targets = TargetRows.masked(batch.labels());
      return targets.count() == 0
          ? 0
          : VocabularyLoss.evaluate(
              encoder.vocabularyInput(ops, ops.gatherRows(hidden, targets.index())),
              encoder.vocabularyHead(),
              targets.targets());
    }
  }

  /**
   * Sums the loss over the batch's targets and accumulates the gradients of the sum times a scale
   * in the trained parameters.
   */
  public static double forwardBackward(
      Encoder encoder, Batch batch, double scale, boolean recompute, long seed) {
    try (Scope scope = Scope.open(encoder.engine());
        Positions positions = BatchTensors.positions(encoder, batch);
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor hidden =
          encoder.hidden(
              ops,
              BatchTensors.ids(batch),
              BatchTensors.types(encoder, batch),
              positions,
              recompute);
      if (!encoder.predictsTokens()) {
        Classes classes = classLoss(encoder, ops, hidden, batch);
        Tensor gradient = classes.result().logitsGradient().scaled(scale);
        tape.backward(classes.logits(), gradient, classes.logits());
        return classes.result().sum();
      }
      TargetRows targets = TargetRows.masked(batch.labels());
      if (targets.count() == 0) {
        return 0;
      }
      Tensor rows = encoder.vocabularyInput(ops, ops.gatherRows(hidden, targets.index()));
      VocabularyLoss.Result loss =
          VocabularyLoss.forwardBackward(rows, encoder.vocabularyHead(), targets.targets(), scale);
      tape.backward(rows, loss.hiddenGradient(), rows);
      return loss.sum();
    }
  }

  private record Classes(Tensor logits, ClassLoss.Result result) {}

  private static Classes classLoss(Encoder encoder, Ops ops, Tensor hidden, Batch batch) {
    requireSingleLabel(encoder);
    Tensor logits = encoder.classLogits(ops, hidden, batch.ids(), batch.attentionMask());
    if (encoder.classifiesTokens()) {
      TargetRows targets = TargetRows.masked(batch.labels());
      Tensor rows = ops.gatherRows(logits, targets.index());
      return new Classes(rows, ClassLoss.crossEntropy(rows, targets.targets()));
    }
    return new Classes(
        logits, ClassLoss.crossEntropy(logits, Tensor.of(batch.labels(), batch.rows())));
  }

  /**
   * Rejects other problem types, which have their own losses; a single class indicates regression.
   */
  private static void requireSingleLabel(Encoder encoder) {
    ConfigReader fields = encoder.modelConfig().fields();
    String problem = fields.optionalText("problem_type").orElse(SINGLE_LABEL);
    if (!problem.equals(SINGLE_LABEL) || encoder.classes() == 1) {
      throw fields.invalid(
          "problem_type",
          SINGLE_LABEL + " and two or more classes, which are " + encoder.classes() + " here",
          "This build trains and measures classifiers of one label a text or token only.");
    }
  }
}
