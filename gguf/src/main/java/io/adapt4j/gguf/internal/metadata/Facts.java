package io.adapt4j.gguf.internal.metadata;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;

/** A model's configuration, completed with the family's defaults. */
public record Facts(ModelConfig model, DecoderConfig decoder, int contextLength) {

  /** {@return the fields of the configuration} */
  public ConfigReader fields() {
    return model.fields();
  }
}
