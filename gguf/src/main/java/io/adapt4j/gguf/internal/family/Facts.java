package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;

/** A model's configuration, completed with the family's defaults. */
public record Facts(ModelConfig model, DecoderConfig decoder, int contextLength) {

  ConfigReader fields() {
    return model.fields();
  }
}
