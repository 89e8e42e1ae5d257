package io.adapt4j.core.task;

/**
 * See {@link Task#nextTokens}. Validation measures the plain cross-entropy.
 *
 * @param dynamic whether each token's loss is weighted by the probability that the model gives it
 * @param labelSmoothing share of each target's weight that is spread over all tokens in training
 *     (Szegedy et al. 2016)
 * @param zLoss weight of the squared logarithm of the softmax's denominator (Chowdhery et al. 2022)
 */
public record CausalLmTask(boolean dynamic, double labelSmoothing, double zLoss) implements Task {

  /** Checks the options. Throws {@link IllegalArgumentException} if one is out of range. */
  public CausalLmTask {
    require(
        labelSmoothing >= 0 && labelSmoothing < 1,
        "labelSmoothing: expected at least 0 and below 1, found " + labelSmoothing);
    require(zLoss >= 0 && Double.isFinite(zLoss), "zLoss: expected at least 0, found " + zLoss);
    require(
        !dynamic || labelSmoothing == 0,
        "labelSmoothing: expected 0 with dynamic fine-tuning, which trusts likely labels, found "
            + labelSmoothing);
  }

  /** Creates the task with plain cross-entropy. */
  public CausalLmTask() {
    this(false, 0, 0);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }

  /**
   * Returns dynamic fine-tuning (DFT, Wu et al. 2025): each token's loss is weighted by its
   * probability, so that unlikely labels are learned less eagerly.
   *
   * @return a changed copy
   */
  public CausalLmTask dynamicFineTuning() {
    return new CausalLmTask(true, labelSmoothing, zLoss);
  }

  /**
   * Returns the task with label smoothing.
   *
   * @param share at least 0 and below 1, often 0.1; default 0
   * @return a changed copy
   */
  public CausalLmTask labelSmoothing(double share) {
    return new CausalLmTask(dynamic, share, zLoss);
  }

  /**
   * Returns the task with a z-loss, which keeps logits from drifting.
   *
   * @param weight at least 0, often 1e-4; default 0
   * @return a changed copy
   */
  public CausalLmTask zLoss(double weight) {
    return new CausalLmTask(dynamic, labelSmoothing, weight);
  }
}
