package io.adapt4j.eval.metric;

/** What ROUGE compares. */
enum RougeType {
  /** Single words. */
  ROUGE_1(1, "rouge1"),
  /** Pairs of words. */
  ROUGE_2(2, "rouge2"),
  /** Three words in a row. */
  ROUGE_3(3, "rouge3"),
  /** The longest common subsequence of the whole texts. */
  ROUGE_L(0, "rougeL"),
  /** The union of longest common subsequences, line by line: each line is one sentence. */
  ROUGE_LSUM(0, "rougeLsum");

  private final int order;
  private final String label;

  RougeType(int order, String label) {
    this.order = order;
    this.label = label;
  }

  /** Words in a row, or 0 for common subsequences. */
  int order() {
    return order;
  }

  /** The name of rouge_score. */
  String label() {
    return label;
  }
}
