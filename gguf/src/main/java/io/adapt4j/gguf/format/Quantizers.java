package io.adapt4j.gguf.format;

import java.util.EnumMap;
import java.util.Map;

/** The quantizers of all types. */
final class Quantizers {

  private static final Map<TensorType, Quantizer> BY_TYPE = new EnumMap<>(TensorType.class);

  static {
    put(new F32Quantizer());
    put(new F16Quantizer());
    put(new Bf16Quantizer());
    put(new Q8Quantizer());
  }

  private Quantizers() {}

  static Quantizer of(TensorType type) {
    Quantizer quantizer = BY_TYPE.get(type);
    if (quantizer == null) {
      throw new UnsupportedOperationException(type.name());
    }
    return quantizer;
  }

  private static void put(Quantizer quantizer) {
    BY_TYPE.put(quantizer.type(), quantizer);
  }
}
