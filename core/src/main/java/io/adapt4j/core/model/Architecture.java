package io.adapt4j.core.model;

import io.adapt4j.core.config.ModelConfig;

/** A model family: turns a configuration into the structure of a decoder. */
interface Architecture {

  /** The {@code model_type} of its configurations. */
  String modelType();

  /**
   * Declares a decoder without weights.
   *
   * @param config a configuration of this family
   * @return the decoder
   */
  Decoder declare(ModelConfig config);
}
