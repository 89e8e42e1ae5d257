package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/**
 * Output layer of a language model (LM head): scale (h W' + b), then a soft cap.
 *
 * @param weight W [V, hidden]
 * @param bias b [V], or null
 * @param softCap soft cap c of the logits, c tanh(logit / c); 0 for none
 */
public record VocabularyHead(Parameter weight, Parameter bias, double scale, double softCap) {

  private static final Operator VOCABULARY_LOGITS = Operator.core("vocabulary_logits");

  /** Creates a head with a matrix only. */
  public static VocabularyHead of(Parameter weight) {
    return new VocabularyHead(weight, null, 1, 0);
  }

  /**
   * Returns this head with another matrix.
   *
   * @param other W [V, hidden]
   */
  public VocabularyHead withWeight(Parameter other) {
    return new VocabularyHead(other, bias, scale, softCap);
  }

  /**
   * Computes logits; inference only.
   *
   * @param hidden [.., hidden]
   * @return logits [.., V] in the compute type
   */
  public Tensor logits(Tensor hidden) {
    return VOCABULARY_LOGITS.tensor(hidden, weight.value(), biasValue(), scale, softCap);
  }

  List<Tensor> biasValue() {
    return Parameter.valueOf(bias);
  }

  List<Tensor> weightGradient() {
    return Parameter.gradientOf(weight);
  }

  List<Tensor> biasGradient() {
    return Parameter.gradientOf(bias);
  }
}
