package io.adapt4j.eval.advise;

/** A way to get better answers out of a language model, the simplest first. */
public enum Strategy {
  /** Instructions, examples or whole documents in the prompt; the model stays as it is. */
  PROMPTING("prompt engineering", "base"),
  /** Passages that fit the question are looked up and put into the prompt. */
  RAG("RAG", "RAG"),
  /** The model is trained. */
  FINE_TUNING("fine-tuning", "fine-tuned"),
  /** A trained model that reads passages. */
  RAG_AND_FINE_TUNING("RAG and fine-tuning", "both");

  private final String label;
  private final String candidateName;

  Strategy(String label, String candidateName) {
    this.label = label;
    this.candidateName = candidateName;
  }

  /** {@return what texts call it} */
  public String label() {
    return label;
  }

  /** {@return what experiments call the candidate that takes it} */
  public String candidateName() {
    return candidateName;
  }

  /** {@return whether a model is trained for it} */
  public boolean trains() {
    return this == FINE_TUNING || this == RAG_AND_FINE_TUNING;
  }

  /** {@return whether passages are looked up for it} */
  public boolean retrieves() {
    return this == RAG || this == RAG_AND_FINE_TUNING;
  }
}
