package io.adapt4j.gguf.internal.layout;

import java.util.OptionalDouble;

/** Scalars per layer: single-value tensors in checkpoints, one list in files. */
public record LayerValues(String key, String stored, OptionalDouble constant) {

  /** Returns the name of a layer's tensor. */
  public String name(int layer) {
    return stored.replace("{}", String.valueOf(layer));
  }

  /** Returns whether a tensor is one of these scalars. */
  public boolean contains(String name, int layers) {
    for (int layer = 0; layer < layers; layer++) {
      if (name(layer).equals(name)) {
        return true;
      }
    }
    return false;
  }
}
