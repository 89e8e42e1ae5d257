package io.adapt4j.core.model;

import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Tensor;

/**
 * Root mean square normalisation.
 *
 * @param weight one factor an entry
 * @param eps added to the mean square
 */
record RmsNorm(Parameter weight, double eps) {

  static RmsNorm declare(String path, long width, double eps) {
    return new RmsNorm(Parameter.of(path + ".weight", width), eps);
  }

  Tensor forward(Ops ops, Tensor x) {
    return ops.rmsNorm(x, weight, eps);
  }
}
