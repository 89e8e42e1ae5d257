package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.Activation;
import java.util.Map;

/** Activations under the names Transformers gives them. */
final class Activations {

  private static final Map<String, Activation> BY_NAME =
      Map.of(
          "silu", Activation.SILU,
          "swish", Activation.SILU,
          "gelu", Activation.GELU,
          "gelu_python", Activation.GELU,
          "gelu_new", Activation.GELU_TANH,
          "gelu_fast", Activation.GELU_TANH,
          "gelu_pytorch_tanh", Activation.GELU_TANH,
          "relu", Activation.RELU,
          "relu2", Activation.RELU_SQUARED,
          "tanh", Activation.TANH);

  private Activations() {}

  /**
   * Reads an activation.
   *
   * @param config the configuration
   * @param field the field that names it
   * @param defaultName what the family takes where the field is absent
   * @return the activation
   * @throws io.adapt4j.core.exception.CheckpointException if it is not known
   */
  static Activation read(ModelConfig config, String field, String defaultName) {
    return named(config, field, config.fields().optionalText(field).orElse(defaultName));
  }

  /**
   * Finds an activation.
   *
   * @param config the configuration that names it
   * @param field the field, for the error
   * @param name the name
   * @return the activation
   * @throws io.adapt4j.core.exception.CheckpointException if it is not known
   */
  static Activation named(ModelConfig config, String field, String name) {
    Activation activation = BY_NAME.get(name);
    if (activation == null) {
      throw config
          .fields()
          .invalid(
              field,
              "one of " + BY_NAME.keySet().stream().sorted().toList(),
              "This activation is not supported.");
    }
    return activation;
  }
}
