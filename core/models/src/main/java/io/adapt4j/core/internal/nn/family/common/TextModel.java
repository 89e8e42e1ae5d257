package io.adapt4j.core.internal.nn.family.common;

import io.adapt4j.core.internal.config.ModelConfig;

/** A family whose decoder may be the text model of a vision-language model. */
public interface TextModel extends Architecture {

  /** Returns the decoder, not yet declared. */
  LlamaLike like(ModelConfig whole, ModelConfig text);
}
