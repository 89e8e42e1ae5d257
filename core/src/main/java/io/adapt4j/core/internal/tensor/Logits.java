package io.adapt4j.core.internal.tensor;

/** Reads scores over the vocabulary without copying them out of native memory. */
public final class Logits {

  private static final Operator LIKELIEST = Operator.core("likeliest");

  private Logits() {}

  /**
   * Finds the likeliest token of each row, the lowest id in a tie.
   *
   * @param logits [.., vocabulary]
   * @return one id a row; -1 where the largest logit is not finite or one is NaN
   */
  public static long[] likeliest(Tensor logits) {
    try (Tensor ids = LIKELIEST.tensor(logits)) {
      return ids.toLongs();
    }
  }
}
