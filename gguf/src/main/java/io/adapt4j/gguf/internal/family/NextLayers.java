package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;

/** Multi-token prediction layers after the model's own: files may have them, models here do not. */
final class NextLayers {

  private static final String LAYERS = "num_hidden_layers";
  private static final String LAYER = "blk.";

  private NextLayers() {}

  /** Subtracts them from the number of layers. */
  static void remove(GgufMetadata metadata, String prefix, ObjectNode config) {
    long next = metadata.integer(prefix + "nextn_predict_layers").orElse(0);
    config.put(LAYERS, config.path(LAYERS).asLong() - next);
  }

  /** Returns whether a tensor belongs to a layer beyond those of the configuration. */
  static boolean has(String gguf, ModelConfig model) {
    int end = gguf.indexOf('.', LAYER.length());
    return gguf.matches("blk\\.\\d{1,6}\\..*")
        && Integer.parseInt(gguf.substring(LAYER.length(), end))
            >= model.fields().requirePositiveInt(LAYERS);
  }
}
