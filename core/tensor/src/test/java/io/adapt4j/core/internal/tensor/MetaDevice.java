package io.adapt4j.core.internal.tensor;

import java.util.function.UnaryOperator;

/** libtorch's meta device, which computes shapes and no numbers: a second device on any machine. */
final class MetaDevice {

  private static final Engine ENGINE =
      new Engine(new TensorDevice(14, "meta"), UnaryOperator.identity());

  private MetaDevice() {}

  static Engine engine() {
    return ENGINE;
  }
}
