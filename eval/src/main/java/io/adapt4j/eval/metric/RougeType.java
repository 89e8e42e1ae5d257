package io.adapt4j.eval.metric;

/** What ROUGE compares. */
public enum RougeType {
  /** Single words. */
  ROUGE_1(1),
  /** Pairs of words. */
  ROUGE_2(2),
  /** Three words in a row. */
  ROUGE_3(3),
  /** The longest common subsequence of the whole texts. */
  ROUGE_L(0),
  /** The union of longest common subsequences, line by line: each line is one sentence. */
  ROUGE_LSUM(0);

  private final int order;

  RougeType(int order) {
    this.order = order;
  }

  /** Words in a row, or 0 for common subsequences. */
  int order() {
    return order;
  }
}
