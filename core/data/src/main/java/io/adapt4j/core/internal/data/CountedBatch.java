package io.adapt4j.core.internal.data;

/** A batch that knows the numbers of its loss terms and tokens. */
public interface CountedBatch {

  /** {@return the number of loss terms} */
  long targets();

  /** {@return the sum of the weights of the loss terms, the divisor of the mean loss} */
  double weight();

  /** {@return the number of tokens without padding} */
  long tokens();

  static double sum(float[] weights) {
    double sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    return sum;
  }
}
