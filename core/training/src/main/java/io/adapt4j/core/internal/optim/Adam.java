package io.adapt4j.core.internal.optim;

import io.adapt4j.core.train.spi.ParameterUpdate;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/**
 * Adam's moments of a gradient, which rules apply to whole parameters or to projected gradients.
 *
 * @param corrected whether the second moment is bias-corrected inside the root, as in AdamW; else
 *     both corrections are in the step size and eps is outside (Kingma and Ba 2015, section 2)
 */
record Adam(double beta1, double beta2, double eps, boolean corrected) {

  static final String MEAN = "mean";
  static final String SQUARE = "square";

  static Map<String, List<Long>> state(List<Long> sizes) {
    return Map.of(MEAN, sizes, SQUARE, sizes);
  }

  /** Replaces a gradient by its normalized mean, whose step size is {@link #rate}. */
  void normalize(float[] gradient, ParameterUpdate parameter) {
    FloatBuffer mean = parameter.moment(MEAN);
    FloatBuffer square = parameter.moment(SQUARE);
    double second = corrected ? 1 - Math.pow(beta2, parameter.step()) : 1;
    for (int i = 0; i < gradient.length; i++) {
      float g = gradient[i];
      float m = (float) (beta1 * mean.get(i) + (1 - beta1) * g);
      float v = (float) (beta2 * square.get(i) + (1 - beta2) * g * g);
      mean.put(i, m);
      square.put(i, v);
      gradient[i] = (float) (m / (Math.sqrt(v / second) + eps));
    }
  }

  /** Returns the step size with the bias corrections that are not in the root. */
  double rate(ParameterUpdate parameter) {
    double first = 1 - Math.pow(beta1, parameter.step());
    double second = corrected ? 1 : 1 - Math.pow(beta2, parameter.step());
    return parameter.learningRate() * Math.sqrt(second) / first;
  }

  /**
   * Updates a parameter with decoupled weight decay, before the step in AdamW and else after it.
   */
  void update(ParameterUpdate parameter) {
    float[] update = gradient(parameter);
    normalize(update, parameter);
    step(parameter, update, rate(parameter), corrected);
  }

  /** Returns a copy of a parameter's gradient. */
  static float[] gradient(ParameterUpdate parameter) {
    float[] gradient = new float[parameter.count()];
    parameter.gradient().get(0, gradient);
    return gradient;
  }

  /** Subtracts an update, and decays the value before or after that. */
  static void step(ParameterUpdate parameter, float[] update, double rate, boolean decayFirst) {
    double decay = 1 - parameter.learningRate() * parameter.weightDecay();
    FloatBuffer value = parameter.value();
    for (int i = 0; i < update.length; i++) {
      double kept = decayFirst ? value.get(i) * decay : value.get(i);
      double stepped = kept - rate * update[i];
      value.put(i, (float) (decayFirst ? stepped : stepped * decay));
    }
  }
}
