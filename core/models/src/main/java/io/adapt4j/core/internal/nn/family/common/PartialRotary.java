package io.adapt4j.core.internal.nn.family.common;

import com.fasterxml.jackson.databind.node.DoubleNode;
import io.adapt4j.core.internal.config.ModelConfig;

/** Sets the rotated share of each head for families whose default is not all of it. */
public final class PartialRotary {

  private static final String FIELD = "partial_rotary_factor";

  private PartialRotary() {}

  /** Returns the configuration with the family's default share if none is stated. */
  public static ModelConfig withDefault(ModelConfig model, double share) {
    boolean stated =
        model.fields().has(FIELD)
            || model.fields().child("rope_parameters").filter(own -> own.has(FIELD)).isPresent();
    return stated ? model : model.with(FIELD, DoubleNode.valueOf(share));
  }
}
