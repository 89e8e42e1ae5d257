package io.adapt4j.core.internal.method;

/** Kind of task, as far as the defaults of a run depend on it. */
public enum TaskKind {
  /** Next-token prediction: texts, answers, conversations. */
  NEXT_TOKENS("next tokens"),
  /** Classification or regression of texts or words. */
  CLASSIFICATION("classification"),
  /** Masked-token prediction. */
  MASKED_TOKENS("masked tokens"),
  /** Embedding queries near their passages. */
  EMBEDDINGS("embeddings"),
  /** Reranking: answering yes or no to a document for a query. */
  RERANKING("rerankers that answer yes or no"),
  /** Preferences with a reference model, such as DPO and KTO. */
  PREFERENCE("preferences with a reference model"),
  /** Preferences without a reference model: ORPO, SimPO, CPO. */
  PREFERENCE_WITHOUT_REFERENCE("preferences without a reference model"),
  /** Reward models. */
  REWARD("reward models"),
  /** Reinforcement learning on rewards. */
  REINFORCEMENT("reinforcement learning");

  private final String text;

  TaskKind(String text) {
    this.text = text;
  }

  /**
   * {@return whether the model's own dropout is on by default; tasks that compare texts need
   * deterministic scores}
   */
  public boolean usesModelDropout() {
    return switch (this) {
      case NEXT_TOKENS, CLASSIFICATION, MASKED_TOKENS, EMBEDDINGS, RERANKING -> true;
      case PREFERENCE, PREFERENCE_WITHOUT_REFERENCE, REWARD, REINFORCEMENT -> false;
    };
  }

  /** {@return the kind in words, such as {@code next tokens}} */
  public String text() {
    return text;
  }
}
