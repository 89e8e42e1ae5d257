package io.adapt4j.core.internal.method;

/** What a model is trained for, as far as the defaults of a run depend on it. */
public enum TaskKind {
  /** Predicting next tokens: texts, answers, conversations. */
  NEXT_TOKENS("next tokens"),
  /** Classes or numbers of texts or words. */
  CLASSIFICATION("classification"),
  /** Predicting masked tokens. */
  MASKED_TOKENS("masked tokens"),
  /** Embedding queries near their passages. */
  EMBEDDINGS("embeddings"),
  /** Saying yes or no to a document for a query. */
  RERANKING("rerankers that answer yes or no"),
  /** Preferences compared with a reference model: DPO, KTO and their kin. */
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
   * {@return whether the model's own dropout is on by default: where texts are compared, the same
   * text must score the same twice}
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
