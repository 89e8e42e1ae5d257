package io.adapt4j.core.internal.nn;

import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Layers that multiply with weights in MXFP4 as they are, where a module with such kernels is
 * present. Without them {@link MxLinear} dequantizes. Found by {@link ServiceLoader}.
 */
public interface MxLayers {

  /** Prepares for the layers of one model. */
  Optional<Maker> open();

  /** Makes the layers of one model. */
  @FunctionalInterface
  interface Maker {

    /** Makes a layer. */
    QuantizedLinear make(DenseLinear declared, String storedName);
  }

  /** Prepares for the layers of one model with what is present. */
  static Maker installed() {
    return ServiceLoader.load(MxLayers.class, MxLayers.class.getClassLoader())
        .findFirst()
        .flatMap(MxLayers::open)
        .orElse(MxLinear::new);
  }
}
