package io.adapt4j.core.model;

import io.adapt4j.core.config.ConfigException;
import io.adapt4j.core.config.ModelConfig;
import java.util.List;
import java.util.stream.Collectors;

/** The model families this build knows. */
public final class Architectures {

  private static final List<Architecture> ALL = List.of(new Llama());

  private Architectures() {}

  /**
   * Declares the decoder a configuration describes.
   *
   * @param config the configuration
   * @return the decoder, without weights
   * @throws ConfigException if the family or one of its options is not supported
   */
  public static Decoder declare(ModelConfig config) {
    for (Architecture architecture : ALL) {
      if (architecture.modelType().equals(config.modelType())) {
        return architecture.declare(config);
      }
    }
    throw config
        .fields()
        .invalid(
            "model_type",
            "one of " + ALL.stream().map(Architecture::modelType).collect(Collectors.joining(", ")),
            "This model family is not supported.");
  }
}
