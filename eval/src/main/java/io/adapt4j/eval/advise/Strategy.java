package io.adapt4j.eval.advise;

/** Ways to improve the answers of a language model, the simplest first. */
public enum Strategy {
  /** Instructions, examples or whole documents in the prompt; the model is unchanged. */
  PROMPTING("prompt engineering", "base"),
  /** Passages that match the question are retrieved and added to the prompt. */
  RAG("RAG", "RAG"),
  /** The model is fine-tuned. */
  FINE_TUNING("fine-tuning", "fine-tuned"),
  /** A fine-tuned model with retrieved passages. */
  RAG_AND_FINE_TUNING("RAG and fine-tuning", "both");

  private final String label;
  private final String candidateName;

  Strategy(String label, String candidateName) {
    this.label = label;
    this.candidateName = candidateName;
  }

  /** {@return its display name} */
  public String label() {
    return label;
  }

  /** {@return the name of its candidate in experiments} */
  public String candidateName() {
    return candidateName;
  }

  /** {@return whether it fine-tunes a model} */
  public boolean trains() {
    return this == FINE_TUNING || this == RAG_AND_FINE_TUNING;
  }

  /** {@return whether it retrieves passages} */
  public boolean retrieves() {
    return this == RAG || this == RAG_AND_FINE_TUNING;
  }
}
