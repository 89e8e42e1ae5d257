package io.adapt4j.gguf.internal.metadata;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.gguf.format.GgufMetadata;

/** Mapping of the fraction of each head that is rotated. */
public final class RotaryShare {

  private static final String FIELD = "partial_rotary_factor";
  private static final String KEY = "rope.dimension_count";

  private RotaryShare() {}

  /** Returns the key for the number of rotated dimensions per head. */
  public static Field count() {
    return Field.derived(KEY, facts -> facts.decoder().rotaryDim());
  }

  /** Sets the fraction that a file states, once the head size is set. */
  public static void complete(GgufMetadata metadata, String prefix, ObjectNode config) {
    int heads = Math.max(1, config.path("num_attention_heads").asInt());
    double width =
        config.has("head_dim")
            ? config.path("head_dim").asDouble()
            : config.path("hidden_size").asDouble() / heads;
    double rotated = metadata.integer(prefix + KEY).orElse((long) width);
    double share = rotated / width;
    config.put(FIELD, (long) (width * share) < rotated ? Math.nextUp(share) : share);
  }
}
