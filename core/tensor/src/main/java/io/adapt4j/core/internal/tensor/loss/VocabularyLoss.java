package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.host.HostAllocator;
import io.adapt4j.core.internal.tensor.op.FusedOps;
import io.adapt4j.core.internal.tensor.op.HostKernels;
import java.util.List;

/**
 * Cross-entropy over the vocabulary, computed from hidden states.
 *
 * <p>Logits are computed in chunks of rows, and only for rows that have a target: the logits of a
 * whole batch, often the largest tensor of a training step, never exist at once.
 */
public final class VocabularyLoss {

  private static final Operator CROSS_ENTROPY =
      Operator.core("cross_entropy").needing(VocabularyLoss::logitsAndWeight);

  /** Scratch: log-probabilities of a chunk, their exponentials, and the product of both. */
  private static final Operator TOKEN_LOG_PROBABILITIES =
      Operator.core("token_log_probabilities")
          .needing(
              arguments -> logits((Tensor) arguments[0], (Tensor) arguments[1]) * 3 * Float.BYTES);

  /** Maximum number of logits at once, for operators with F32 copies of them. */
  private static final long LOGITS = 1L << 24;

  /** Maximum number of logits at once for kernels, which need no copies. */
  private static final long KERNEL_LOGITS = 1L << 25;

  private static final long FEWEST_ROWS = 16;

  private VocabularyLoss() {}

  /** Returns the number of logits in a chunk. */
  private static long logits(Tensor hidden, Tensor weight) {
    return Math.min(hidden.size(0), rows(weight)) * weight.size(0);
  }

  private static long rows(Tensor weight) {
    return Math.max(FEWEST_ROWS, LOGITS / weight.size(0));
  }

  /**
   * Returns the scratch memory: logits and their probabilities in F32; their F32 copy if they have
   * another type; one more with a soft cap. Also the weight gradient before it is accumulated.
   */
  private static long logitsAndWeight(Object... arguments) {
    Tensor weight = (Tensor) arguments[1];
    boolean capped = (double) arguments[4] > 0;
    boolean trains = (boolean) arguments[9] && !((List<?>) arguments[10]).isEmpty();
    long type = weight.type().bytes();
    int floats = (weight.type() == DType.F32 ? 1 : 2) + (capped ? 1 : 0);
    return logits((Tensor) arguments[0], weight) * (type + (long) floats * Float.BYTES)
        + (trains ? weight.count() * type : 0);
  }

  /**
   * Cross-entropy and the gradient of the hidden states.
   *
   * @param hiddenGradient gradient of the hidden states, times the scale; null if not requested
   */
  public record Result(double sum, Tensor hiddenGradient) {}

  /** Sums cross-entropies. Shape of {@code hidden}: [N, hidden]. */
  public static double evaluate(Tensor hidden, VocabularyHead head, Tensor targets) {
    return evaluate(hidden, head, targets, List.of());
  }

  /** Sums weighted cross-entropies. */
  public static double evaluate(
      Tensor hidden, VocabularyHead head, Tensor targets, List<Tensor> weights) {
    return run(hidden, head, targets, weights, 0, 1, false, Long.MAX_VALUE).sum();
  }

  /**
   * Sums cross-entropies and computes the gradient of the sum times a scale. The head's gradient is
   * accumulated if it is trained.
   */
  public static Result forwardBackward(
      Tensor hidden, VocabularyHead head, Tensor targets, double scale) {
    return forwardBackward(hidden, head, targets, List.of(), scale);
  }

  /** Sums weighted cross-entropies and computes the gradient of the sum times a scale. */
  public static Result forwardBackward(
      Tensor hidden, VocabularyHead head, Tensor targets, List<Tensor> weights, double scale) {
    return run(hidden, head, targets, weights, 0, scale, true, Long.MAX_VALUE);
  }

  /**
   * Like the method above, with label smoothing (Szegedy et al. 2016): a share of each target's
   * weight is spread over all tokens.
   */
  public static Result forwardBackward(
      Tensor hidden,
      VocabularyHead head,
      Tensor targets,
      List<Tensor> weights,
      double smoothing,
      double scale) {
    return run(hidden, head, targets, weights, smoothing, scale, true, Long.MAX_VALUE);
  }

  /**
   * Computes the gradient with the logits of so many rows at once, on which the result does not
   * depend.
   */
  static Result forwardBackward(
      Tensor hidden, VocabularyHead head, Tensor targets, double scale, long rows) {
    return run(hidden, head, targets, List.of(), 0, scale, true, rows);
  }

  private static Result run(
      Tensor hidden,
      VocabularyHead head,
      Tensor targets,
      List<Tensor> weights,
      double smoothing,
      double scale,
      boolean gradients,
      long rows) {
    HostAllocator.current().giveBack();
    HostKernels kernels = smoothing > 0 ? null : FusedOps.scoring(hidden, targets);
    if (kernels != null) {
      long most = Math.max(FEWEST_ROWS, KERNEL_LOGITS / head.weight().value().size(0));
      return new FusedCrossEntropy(kernels, hidden, head, targets, weights)
          .run(scale, gradients, Math.min(rows, most));
    }
    Tensor[] made =
        CROSS_ENTROPY.tensors(
            hidden,
            head.weight().value(),
            head.biasValue(),
            head.scale(),
            head.softCap(),
            targets,
            weights,
            scale,
            Math.min(rows, rows(hidden, head)),
            gradients,
            head.weightGradient(),
            head.biasGradient(),
            smoothing);
    double sum = made[0].item();
    made[0].close();
    return new Result(sum, gradients ? made[1] : null);
  }

  /** Log-probabilities of given tokens, and the greedy choices. */
  public record Scores(Tensor logProbabilities, Tensor greedy) {}

  /** Scores given tokens. */
  public static Scores score(Tensor hidden, VocabularyHead head, Tensor targets) {
    Tensor[] made = score(hidden, head, targets, false);
    return new Scores(made[0], made[1]);
  }

  /** Log-probabilities of given tokens, and the entropies of their distributions. */
  public record Choices(Tensor logProbabilities, Tensor entropies) {}

  /** Scores given tokens and computes the entropies of the distributions they were chosen from. */
  public static Choices choices(Tensor hidden, VocabularyHead head, Tensor targets) {
    Tensor[] made = score(hidden, head, targets, true);
    return new Choices(made[0], made[1]);
  }

  private static Tensor[] score(
      Tensor hidden, VocabularyHead head, Tensor targets, boolean entropies) {
    HostAllocator.current().giveBack();
    return TOKEN_LOG_PROBABILITIES.tensors(
        hidden,
        head.weight().value(),
        head.biasValue(),
        head.scale(),
        head.softCap(),
        targets,
        rows(hidden, head),
        entropies);
  }

  /**
   * Returns the number of rows per chunk. On shapes the script runs once for all rows, and its
   * scratch counts a chunk's.
   */
  private static long rows(Tensor hidden, VocabularyHead head) {
    return hidden.engine().isMetered() ? hidden.size(0) : rows(head.weight().value());
  }
}
