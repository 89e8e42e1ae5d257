package io.adapt4j.core.internal.nn.family;

import com.fasterxml.jackson.databind.node.DoubleNode;
import io.adapt4j.core.internal.config.ModelConfig;

/** The share of each head that is rotated, where a family's default is not all of it. */
final class PartialRotary {

  private static final String FIELD = "partial_rotary_factor";

  private PartialRotary() {}

  /** The configuration with the share that the family takes where none is stated. */
  static ModelConfig withDefault(ModelConfig model, double share) {
    boolean stated =
        model.fields().has(FIELD)
            || model.fields().child("rope_parameters").filter(own -> own.has(FIELD)).isPresent();
    return stated ? model : model.with(FIELD, DoubleNode.valueOf(share));
  }
}
