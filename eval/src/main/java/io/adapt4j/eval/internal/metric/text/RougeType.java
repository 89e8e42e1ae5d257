package io.adapt4j.eval.internal.metric.text;

/** Variants of ROUGE. */
public enum RougeType {
  /** Unigrams. */
  ROUGE_1(1, "rouge1"),
  /** Bigrams. */
  ROUGE_2(2, "rouge2"),
  /** Trigrams. */
  ROUGE_3(3, "rouge3"),
  /** The longest common subsequence of the whole texts. */
  ROUGE_L(0, "rougeL"),
  /** The union of longest common subsequences, line by line: each line is a sentence. */
  ROUGE_LSUM(0, "rougeLsum");

  private final int order;
  private final String label;

  RougeType(int order, String label) {
    this.order = order;
    this.label = label;
  }

  /** Length of the n-grams, or 0 for common subsequences. */
  public int order() {
    return order;
  }

  /** The name in rouge_score. */
  public String label() {
    return label;
  }
}
