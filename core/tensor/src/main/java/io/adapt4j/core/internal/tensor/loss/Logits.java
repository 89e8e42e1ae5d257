package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;

/** Reads logits without copying them out of native memory. */
public final class Logits {

  private static final Operator LIKELIEST = Operator.core("likeliest");

  private Logits() {}

  /**
   * Returns the argmax of each row, the lowest id in a tie.
   *
   * @param logits [.., vocabulary]
   * @return one id per row; -1 if the largest logit is not finite or one is NaN
   */
  public static long[] likeliest(Tensor logits) {
    try (Tensor ids = LIKELIEST.tensor(logits)) {
      return ids.toLongs();
    }
  }
}
