package io.adapt4j.core.internal.nn.loss;

import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.mlp.RouterBalance;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Next-token cross-entropy of a decoder over a padded or packed batch, or a form of it. */
public final class LanguageModelLoss {

  private LanguageModelLoss() {}

  /** Sums the loss over the batch's targets. */
  public static double evaluate(Decoder decoder, Batch batch) {
    TargetRows targets = TargetRows.of(batch);
    if (targets.count() == 0) {
      return 0;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = BatchTensors.positions(decoder, batch)) {
      Ops ops = Ops.inference();
      Tensor hidden = decoder.hidden(ops, BatchTensors.ids(batch), positions, false);
      Tensor rows = ops.gatherRows(hidden, targets.index());
      return VocabularyLoss.evaluate(
          rows, decoder.head(), targets.targets(), weights(batch, targets));
    }
  }

  /**
   * Sums the loss over the batch's targets and accumulates the gradients of the sum times a scale
   * in the trained parameters. If the model's configuration asks for the router load-balancing loss
   * ({@code output_router_logits}), it is added, times the number of targets.
   */
  public static double forwardBackward(
      Decoder decoder, Batch batch, double scale, boolean recompute, long seed) {
    return forwardBackward(decoder, batch, VocabularyLoss::forwardBackward, scale, recompute, seed);
  }

  /** Loss of the positions that predict a target. */
  @FunctionalInterface
  public interface Form {

    /**
     * Sums the weighted loss and computes the gradient of the sum times a scale.
     *
     * @param rows hidden states [N, hidden]
     * @param weights weights F32 [N]; empty for 1
     */
    VocabularyLoss.Result forwardBackward(
        Tensor rows, VocabularyHead head, Tensor targets, List<Tensor> weights, double scale);
  }

  /** Like the method above, with another form of the loss. */
  public static double forwardBackward(
      Decoder decoder, Batch batch, Form form, double scale, boolean recompute, long seed) {
    TargetRows targets = TargetRows.of(batch);
    if (targets.count() == 0) {
      return 0;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = BatchTensors.positions(decoder, batch);
        RouterBalance.@Nullable Pass balance = balance(decoder, batch, scale * targets.count());
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor hidden = decoder.hidden(ops, BatchTensors.ids(batch), positions, recompute);
      Tensor rows = ops.gatherRows(hidden, targets.index());
      VocabularyLoss.Result loss =
          form.forwardBackward(
              rows, decoder.head(), targets.targets(), weights(batch, targets), scale);
      tape.backward(rows, loss.hiddenGradient(), rows);
      return balance == null ? loss.sum() : loss.sum() + balance.weighted() * targets.count();
    }
  }

  /**
   * Starts the load-balancing loss, which counts like the mean of the others; null if it is unused.
   */
  private static RouterBalance.@Nullable Pass balance(Decoder decoder, Batch batch, double scale) {
    return decoder
        .routerBalance()
        .filter(balance -> balance.coefficient() != 0)
        .map(balance -> balance.begin(batch.attentionMask(), scale))
        .orElse(null);
  }

  private static List<Tensor> weights(Batch batch, TargetRows targets) {
    return batch.weights().length == 0 ? List.of() : List.of(targets.labeled(batch.weights()));
  }
}
