package io.adapt4j.core.internal.task.distillation;

/**
 * Advantages of a completion's tokens under a teacher: discounted sums of the log-probability
 * ratios of teacher and student from each token on (MiniLLM, Gu et al. 2024, section 2.2).
 *
 * @param discount gamma; 0 for the ratio of the token alone
 */
public record ReturnsToGo(double discount, boolean normalized) {

  /** Computes the advantages, which are constants in the loss. */
  public double[] advantages(float[] student, float[] teacher) {
    double[] advantages = new double[student.length];
    double sum = 0;
    double discounts = 0;
    for (int t = advantages.length - 1; t >= 0; t--) {
      sum = (double) teacher[t] - student[t] + discount * sum;
      discounts = 1 + discount * discounts;
      advantages[t] = normalized ? sum / discounts : sum;
    }
    return advantages;
  }
}
