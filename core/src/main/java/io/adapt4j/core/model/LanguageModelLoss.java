package io.adapt4j.core.model;

import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Scope;
import io.adapt4j.core.engine.Tape;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.core.engine.VocabularyLoss;

/** Next-token cross-entropy of a decoder over a padded batch. */
public final class LanguageModelLoss {

  private LanguageModelLoss() {}

  /**
   * A padded batch; arrays are row-major [rows, length].
   *
   * @param ids token ids
   * @param attentionMask 1 on tokens, 0 on padding
   * @param labels targets before the shift, {@value TargetRows#IGNORED} where there is none
   * @param rows B
   * @param length T
   */
  @SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
  public record Inputs(long[] ids, long[] attentionMask, long[] labels, int rows, int length) {}

  /**
   * Sums the loss over the batch's targets.
   *
   * @param decoder the model
   * @param inputs the batch
   * @return sum of -log p(target)
   */
  public static double evaluate(Decoder decoder, Inputs inputs) {
    TargetRows targets = TargetRows.of(inputs.labels(), inputs.rows(), inputs.length());
    if (targets.count() == 0) {
      return 0;
    }
    try (Scope scope = Scope.open();
        Positions positions =
            decoder.positions(inputs.attentionMask(), inputs.rows(), inputs.length())) {
      Ops ops = Ops.inference();
      Tensor hidden = decoder.hidden(ops, ids(inputs), positions, false);
      Tensor rows = ops.gatherRows(hidden, targets.index());
      return VocabularyLoss.evaluate(rows, decoder.head(), targets.targets());
    }
  }

  /**
   * Sums the loss over the batch's targets and adds the gradients of the sum times a scale to the
   * trained parameters.
   *
   * @param decoder the model
   * @param inputs the batch
   * @param scale multiplies the gradients; usually 1 over the targets of the whole step
   * @param recompute whether to trade time for memory, layer by layer
   * @param seed decides dropout masks
   * @return sum of -log p(target), not scaled
   */
  public static double differentiate(
      Decoder decoder, Inputs inputs, double scale, boolean recompute, long seed) {
    TargetRows targets = TargetRows.of(inputs.labels(), inputs.rows(), inputs.length());
    if (targets.count() == 0) {
      return 0;
    }
    try (Scope scope = Scope.open();
        Positions positions =
            decoder.positions(inputs.attentionMask(), inputs.rows(), inputs.length());
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor hidden = decoder.hidden(ops, ids(inputs), positions, recompute);
      Tensor rows = ops.gatherRows(hidden, targets.index());
      VocabularyLoss.Result loss =
          VocabularyLoss.differentiate(rows, decoder.head(), targets.targets(), scale);
      tape.backward(rows, loss.hiddenGradient(), rows);
      return loss.sum();
    }
  }

  private static Tensor ids(Inputs inputs) {
    return Tensor.of(inputs.ids(), inputs.rows(), inputs.length());
  }
}
