package io.adapt4j.core.internal.nn.loss;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.mlp.RouterBalance;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Next-token cross-entropy of a decoder over a padded or packed batch. */
public final class LanguageModelLoss {

  private LanguageModelLoss() {}

  /** A batch; arrays are row-major [rows, length]. */
  @SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
  public record Inputs(
      long[] ids,
      long[] attentionMask,
      long[] labels,
      int rows,
      int length,
      int[][] documents,
      float[] weights) {

    /** Creates a padded batch without weights. */
    public Inputs(long[] ids, long[] attentionMask, long[] labels, int rows, int length) {
      this(ids, attentionMask, labels, rows, length, new int[0][], new float[0]);
    }

    /** Returns the positions that predict a target, and the targets. */
    TargetRows targets() {
      return TargetRows.of(labels, rows, length);
    }

    /** Returns the token ids, I64 [B, T]. */
    Tensor idTensor() {
      return Tensor.of(ids, rows, length);
    }

    Positions positions(Decoder decoder) {
      return documents.length == 0
          ? decoder.positions(attentionMask, rows, length)
          : decoder.packedPositions(documents, length);
    }
  }

  /** Sums the loss over the batch's targets. */
  public static double evaluate(Decoder decoder, Inputs inputs) {
    TargetRows targets = inputs.targets();
    if (targets.count() == 0) {
      return 0;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = inputs.positions(decoder)) {
      Ops ops = Ops.inference();
      Tensor hidden = decoder.hidden(ops, inputs.idTensor(), positions, false);
      Tensor rows = ops.gatherRows(hidden, targets.index());
      return VocabularyLoss.evaluate(
          rows, decoder.head(), targets.targets(), weights(inputs, targets));
    }
  }

  /**
   * Sums the loss over the batch's targets and accumulates the gradients of the sum times a scale
   * in the trained parameters. If the model's configuration asks for the router load-balancing loss
   * ({@code output_router_logits}), it is added, times the number of targets.
   */
  public static double forwardBackward(
      Decoder decoder, Inputs inputs, double scale, boolean recompute, long seed) {
    TargetRows targets = inputs.targets();
    if (targets.count() == 0) {
      return 0;
    }
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = inputs.positions(decoder);
        RouterBalance.@Nullable Pass balance = balance(decoder, inputs, scale * targets.count());
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, seed);
      Tensor hidden = decoder.hidden(ops, inputs.idTensor(), positions, recompute);
      Tensor rows = ops.gatherRows(hidden, targets.index());
      VocabularyLoss.Result loss =
          VocabularyLoss.forwardBackward(
              rows, decoder.head(), targets.targets(), weights(inputs, targets), scale);
      tape.backward(rows, loss.hiddenGradient(), rows);
      return balance == null ? loss.sum() : loss.sum() + balance.weighted() * targets.count();
    }
  }

  /**
   * Starts the load-balancing loss, which counts like the mean of the others; null if it is unused.
   */
  private static RouterBalance.@Nullable Pass balance(
      Decoder decoder, Inputs inputs, double scale) {
    return decoder
        .routerBalance()
        .filter(balance -> balance.coefficient() != 0)
        .map(balance -> balance.begin(inputs.attentionMask(), scale))
        .orElse(null);
  }

  private static List<Tensor> weights(Inputs inputs, TargetRows targets) {
    return inputs.weights().length == 0 ? List.of() : List.of(targets.labeled(inputs.weights()));
  }
}
