package io.adapt4j.core.internal.tensor;

import java.util.List;

/**
 * Cross-entropy over the vocabulary, from hidden states.
 *
 * <p>Logits are made, used and dropped some rows at a time, and only for rows that have a target:
 * the logits of a whole batch, often the largest tensor of a training step, never exist.
 */
public final class VocabularyLoss {

  private static final Operator CROSS_ENTROPY =
      Operator.core("cross_entropy").needing(VocabularyLoss::logitsAndWeight);

  /** Log-probabilities of a chunk, their exponentials, and the product of both. */
  private static final Operator TOKEN_LOG_PROBABILITIES =
      Operator.core("token_log_probabilities")
          .needing(
              arguments -> logits((Tensor) arguments[0], (Tensor) arguments[1]) * 3 * Float.BYTES);

  /** Logits that exist at once, in operators with copies of them in F32. */
  private static final long LOGITS = 1L << 24;

  /** Those of kernels, which need no copies. */
  private static final long KERNEL_LOGITS = 1L << 25;

  private static final long FEWEST_ROWS = 16;

  private VocabularyLoss() {}

  /** How many logits of a chunk there are. */
  private static long logits(Tensor hidden, Tensor weight) {
    return Math.min(hidden.size(0), rows(weight)) * weight.size(0);
  }

  private static long rows(Tensor weight) {
    return Math.max(FEWEST_ROWS, LOGITS / weight.size(0));
  }

  /**
   * A logit itself, and its probability in F32; where it is no F32, its F32 copy on the way there;
   * with a soft cap, two more on the way back. The gradient of the weight before it is added.
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
   * Cross-entropy and its gradients in one pass.
   *
   * @param hiddenGradient gradient by the hidden states, times the scale; null when not asked for
   */
  public record Result(double sum, Tensor hiddenGradient) {}

  /**
   * Sums cross-entropies.
   *
   * @param hidden [N, hidden]
   */
  public static double evaluate(Tensor hidden, VocabularyHead head, Tensor targets) {
    return evaluate(hidden, head, targets, List.of());
  }

  /** Sums cross-entropies, each times its own weight. */
  public static double evaluate(
      Tensor hidden, VocabularyHead head, Tensor targets, List<Tensor> weights) {
    return run(hidden, head, targets, weights, 0, 1, false, Long.MAX_VALUE).sum();
  }

  /**
   * Sums cross-entropies and differentiates the sum times a scale. The gradient by the head is
   * added to it where it is trained.
   */
  public static Result forwardBackward(
      Tensor hidden, VocabularyHead head, Tensor targets, double scale) {
    return forwardBackward(hidden, head, targets, List.of(), scale);
  }

  /** Sums cross-entropies, each times its own weight, and differentiates the sum times a scale. */
  public static Result forwardBackward(
      Tensor hidden, VocabularyHead head, Tensor targets, List<Tensor> weights, double scale) {
    return run(hidden, head, targets, weights, 0, scale, true, Long.MAX_VALUE);
  }

  /**
   * The same with smoothed targets (Szegedy et al. 2016): a share of each target's weight is spread
   * over all tokens.
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

  /** Differentiates with the logits of so many rows at once; the result does not depend on it. */
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

  /** Log-probabilities of given tokens. */
  public record Scores(Tensor logProbabilities, Tensor greedy) {}

  /** Scores given tokens. */
  public static Scores score(Tensor hidden, VocabularyHead head, Tensor targets) {
    Tensor[] made = score(hidden, head, targets, false);
    return new Scores(made[0], made[1]);
  }

  /** Log-probabilities of given tokens, and how open the choice was. */
  public record Choices(Tensor logProbabilities, Tensor entropies) {}

  /** Scores given tokens, and measures the distributions that they were chosen from. */
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

  /** On shapes the script runs once for all rows, and its scratch counts those of a chunk. */
  private static long rows(Tensor hidden, VocabularyHead head) {
    return hidden.engine().isMetered() ? hidden.size(0) : rows(head.weight().value());
  }
}
