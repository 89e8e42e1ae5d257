package io.adapt4j.core.internal.tensor.op;

/**
 * Dropout probabilities of a model's components in training (Srivastava et al. 2014). All are 0
 * unless set.
 */
public record DropoutRates(
    double embedding,
    double attention,
    double attentionOutput,
    double inner,
    double mlpOutput,
    double headInput,
    double classifier) {

  public static final DropoutRates NONE = new DropoutRates(0, 0, 0, 0, 0, 0, 0);

  /** Returns rates with dropout of attention weights only. */
  public static DropoutRates ofAttention(double p) {
    return new DropoutRates(0, p, 0, 0, 0, 0, 0);
  }

  /** Returns these rates with another one for embeddings. */
  public DropoutRates withEmbedding(double p) {
    return new DropoutRates(p, attention, attentionOutput, inner, mlpOutput, headInput, classifier);
  }

  /** Returns these rates with others for the outputs of attention and MLP. */
  public DropoutRates withOutputs(double ofAttention, double ofMlp) {
    return new DropoutRates(embedding, attention, ofAttention, inner, ofMlp, headInput, classifier);
  }

  /** Returns these rates with another one for the MLP's inner activations. */
  public DropoutRates withInner(double p) {
    return new DropoutRates(
        embedding, attention, attentionOutput, p, mlpOutput, headInput, classifier);
  }

  /** Returns these rates with others for a classification head. */
  public DropoutRates withClassifier(double ofHeadInput, double ofClassifier) {
    return new DropoutRates(
        embedding, attention, attentionOutput, inner, mlpOutput, ofHeadInput, ofClassifier);
  }

  /** {@return whether any rate is above 0} */
  public boolean any() {
    return !equals(NONE);
  }
}
