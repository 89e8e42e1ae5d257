package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Provider of layers that multiply with MXFP4 weights directly, if a module has such kernels;
 * {@link ServiceLoader} finds it. Without one, {@link MxLinear} dequantizes.
 */
public interface MxLayers {

  /** Prepares to create the layers of one model. */
  Optional<Maker> open();

  /** Creates the layers of one model. */
  @FunctionalInterface
  interface Maker {

    QuantizedLinear make(DenseLinear declared, String storedName);
  }

  /** Prepares to create the layers of one model with the available kernels. */
  static Maker installed() {
    return ServiceLoader.load(MxLayers.class, MxLayers.class.getClassLoader())
        .findFirst()
        .flatMap(MxLayers::open)
        .orElse(MxLinear::new);
  }
}
