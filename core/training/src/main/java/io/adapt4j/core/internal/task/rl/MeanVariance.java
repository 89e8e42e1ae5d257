package io.adapt4j.core.internal.task.rl;

/**
 * Mean and variance of numbers, ignoring NaN.
 *
 * @param variance unbiased variance; 0 for fewer than two numbers
 */
record MeanVariance(int count, double mean, double variance) {

  static MeanVariance of(double[] values, int from, int to) {
    int count = 0;
    double sum = 0;
    for (int i = from; i < to; i++) {
      if (!Double.isNaN(values[i])) {
        sum += values[i];
        count++;
      }
    }
    double mean = count == 0 ? 0 : sum / count;
    double squares = 0;
    for (int i = from; i < to; i++) {
      squares += Double.isNaN(values[i]) ? 0 : Math.pow(values[i] - mean, 2);
    }
    return new MeanVariance(count, mean, count < 2 ? 0 : squares / (count - 1));
  }

  double deviation() {
    return Math.sqrt(variance);
  }
}
