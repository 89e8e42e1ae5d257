package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss.Result;
import io.adapt4j.core.internal.tensor.op.FusedOps;
import io.adapt4j.core.internal.tensor.op.HostKernels;
import java.util.List;

/**
 * Cross-entropy over the vocabulary with {@link HostKernels}: gradients overwrite the logits of a
 * chunk of rows, without a copy of either in fp32. Shape of {@code hidden}: [N, hidden].
 */
record FusedCrossEntropy(
    HostKernels kernels, Tensor hidden, VocabularyHead head, Tensor targets, List<Tensor> weights) {

  private static final Operator LINEAR_BACKWARD_BIAS = Operator.core("linear_backward_bias");

  /** Computes the sum and, if gradients are requested, the gradients of the sum times a factor. */
  Result run(double factor, boolean gradients, long rows) {
    long n = hidden.size(0);
    Tensor dhidden = gradients ? hidden.engine().empty(hidden.type(), hidden.sizes()) : null;
    double sum = 0;
    for (long start = 0; start < n; start += rows) {
      sum += some(start, Math.min(rows, n - start), factor, dhidden);
    }
    return new Result(sum, dhidden);
  }

  private double some(long start, long count, double factor, Tensor dhidden) {
    try (Tensor h = hidden.narrow(0, start, count);
        Tensor t = targets.narrow(0, start, count);
        Tensor w = weights.isEmpty() ? null : weights.get(0).narrow(0, start, count);
        Tensor logits = logits(h)) {
      double sum =
          FusedOps.onShapes(hidden)
              ? 0
              : kernels.crossEntropy(
                  logits, t, w, head.scale() * factor, head.softCap(), dhidden != null);
      if (dhidden != null) {
        differentiate(logits, h, start, count, dhidden);
      }
      return sum;
    }
  }

  private Tensor logits(Tensor h) {
    if (head.scale() != 1 || head.softCap() != 0) {
      return head.logits(h);
    }
    return FusedOps.linear(h, head.weight().value(), head.biasValue());
  }

  private void differentiate(Tensor dlogits, Tensor h, long start, long count, Tensor dhidden) {
    try (Tensor made = FusedOps.linearBackwardInput(dlogits, head.weight().value());
        Tensor target = dhidden.narrow(0, start, count)) {
      target.copyFrom(made);
    }
    for (Tensor dweight : head.weightGradient()) {
      FusedOps.linearBackwardWeight(dlogits, h, dweight);
    }
    for (Tensor dbias : head.biasGradient()) {
      LINEAR_BACKWARD_BIAS.run(dlogits, dbias);
    }
  }
}
