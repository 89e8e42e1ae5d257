package io.adapt4j.lora.internal.layer;

import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import org.jspecify.annotations.Nullable;

/** The base weight under an adapter: plain, or dequantized on demand. */
public record BaseWeight(Linear layer, DType type) {

  public static BaseWeight under(Linear linear, DType type) {
    return new BaseWeight(linear.innermost(), type);
  }

  /**
   * Returns the read-only weight of one part [width, in]; owned by the open scope, or the caller.
   */
  public Tensor rows(Linear.Part part) {
    if (layer instanceof QuantizedLinear packed) {
      return packed.restored(part, type);
    }
    return plain("the base weight").weight().value().narrow(0, part.start(), part.width());
  }

  /** Returns the bias, or null. */
  @Nullable Parameter bias() {
    if (layer instanceof QuantizedLinear packed) {
      return packed.bias().orElse(null);
    }
    return plain("the base weight").bias().orElse(null);
  }

  /** Returns the layer as one with a plain, mutable weight. */
  public DenseLinear plain(String what) {
    if (layer instanceof DenseLinear dense) {
      return dense;
    }
    throw new IllegalStateException(
        ("%s needs plain weights, but those of %s are held packed. Leave the adapter beside"
                + " them, or load the original checkpoint with plain weights.")
            .formatted(what, layer.parts().get(0).path()));
  }
}
