package io.adapt4j.gguf.internal.family;

import java.util.OptionalDouble;

/**
 * Numbers of the layers, each a tensor of one value in checkpoints, and one list in files.
 *
 * @param key of the list
 * @param stored the tensor's name in checkpoints, with {@code {}} for the number of the layer
 * @param constant what all layers have that checkpoints may leave out, as nothing else is computed
 *     with; empty for what is learned
 */
public record LayerValues(String key, String stored, OptionalDouble constant) {

  /**
   * Returns the name of a layer's tensor.
   *
   * @param layer its number
   * @return the name in checkpoints
   */
  public String name(int layer) {
    return stored.replace("{}", String.valueOf(layer));
  }

  /**
   * Returns whether a tensor is one of these.
   *
   * @param name its name in checkpoints
   * @param layers the number of layers
   * @return whether it is
   */
  public boolean contains(String name, int layers) {
    for (int layer = 0; layer < layers; layer++) {
      if (name(layer).equals(name)) {
        return true;
      }
    }
    return false;
  }
}
