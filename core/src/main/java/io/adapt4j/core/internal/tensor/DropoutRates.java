package io.adapt4j.core.internal.tensor;

/**
 * Where a model drops values in training, and with which probability (Srivastava et al. 2014). All
 * are 0 unless set.
 */
public record DropoutRates(
    double embedding,
    double attention,
    double attentionOutput,
    double inner,
    double mlpOutput,
    double headInput,
    double classifier) {

  /** Nothing is dropped. */
  public static final DropoutRates NONE = new DropoutRates(0, 0, 0, 0, 0, 0, 0);

  /**
   * Returns rates of attention's weights only.
   *
   * @param p probability in [0, 1)
   */
  public static DropoutRates ofAttention(double p) {
    return new DropoutRates(0, p, 0, 0, 0, 0, 0);
  }

  /** These rates with another one for the first hidden states. */
  public DropoutRates withEmbedding(double p) {
    return new DropoutRates(p, attention, attentionOutput, inner, mlpOutput, headInput, classifier);
  }

  /** These rates with others for what attention and the MLP add. */
  public DropoutRates withOutputs(double ofAttention, double ofMlp) {
    return new DropoutRates(embedding, attention, ofAttention, inner, ofMlp, headInput, classifier);
  }

  /** These rates with another one for the MLP's inner values. */
  public DropoutRates withInner(double p) {
    return new DropoutRates(
        embedding, attention, attentionOutput, p, mlpOutput, headInput, classifier);
  }

  /** These rates with others for a classification head. */
  public DropoutRates withClassifier(double ofHeadInput, double ofClassifier) {
    return new DropoutRates(
        embedding, attention, attentionOutput, inner, mlpOutput, ofHeadInput, ofClassifier);
  }

  /** {@return whether anything is dropped} */
  public boolean any() {
    return !equals(NONE);
  }
}
