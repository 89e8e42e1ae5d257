package io.adapt4j.core.internal.nn.family.common;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.op.Activation;
import java.util.Map;

/** Activations by their names in Transformers. */
public final class Activations {

  private static final Map<String, Activation> BY_NAME =
      Map.ofEntries(
          Map.entry("silu", Activation.SILU),
          Map.entry("swish", Activation.SILU),
          Map.entry("gelu", Activation.GELU),
          Map.entry("gelu_python", Activation.GELU),
          Map.entry("gelu_new", Activation.GELU_TANH),
          Map.entry("gelu_fast", Activation.GELU_TANH),
          Map.entry("gelu_pytorch_tanh", Activation.GELU_TANH),
          Map.entry("quick_gelu", Activation.QUICK_GELU),
          Map.entry("relu", Activation.RELU),
          Map.entry("relu2", Activation.RELU_SQUARED),
          Map.entry("tanh", Activation.TANH));

  private Activations() {}

  /** Reads an activation. */
  public static Activation read(ModelConfig config, String field, String defaultName) {
    return named(config, field, config.fields().optionalText(field).orElse(defaultName));
  }

  /** Finds an activation. */
  public static Activation named(ModelConfig config, String field, String name) {
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
