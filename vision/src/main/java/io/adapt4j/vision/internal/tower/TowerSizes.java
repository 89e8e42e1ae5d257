package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.UnreadFeatures;
import io.adapt4j.core.internal.tensor.op.Activation;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sizes of a transformer as SigLIP's and CLIP's configurations state them. */
record TowerSizes(int hidden, int inner, int layers, int heads, Activation activation, double eps) {

  private static final Logger LOG = LoggerFactory.getLogger(TowerSizes.class);

  /** Values of a configuration class for absent fields. */
  record Defaults(
      int hidden, int inner, int layers, int heads, String activation, double eps, int patch) {

    static final Defaults SIGLIP = new Defaults(768, 3072, 12, 12, "gelu_pytorch_tanh", 1e-6, 16);
    static final Defaults IDEFICS = new Defaults(1152, 3072, 12, 16, "gelu_pytorch_tanh", 1e-6, 32);
    static final Defaults CLIP = new Defaults(768, 3072, 12, 12, "quick_gelu", 1e-5, 32);
    static final Defaults CLIP_TEXT = new Defaults(512, 2048, 12, 8, "quick_gelu", 1e-5, 0);
    static final Defaults VIT = new Defaults(768, 3072, 12, 12, "gelu", 1e-12, 16);
    static final Defaults INTERN = new Defaults(1024, 4096, 24, 16, "gelu", 1e-6, 14);
    static final Defaults PIXTRAL = new Defaults(1024, 4096, 24, 16, "gelu", 1e-5, 16);
    static final Defaults PADDLE = new Defaults(1152, 4304, 27, 16, "gelu_pytorch_tanh", 1e-6, 14);
    static final Defaults DINO = new Defaults(768, 0, 12, 12, "gelu", 1e-6, 14);
  }

  /** Reads the sizes. */
  static TowerSizes read(ModelConfig config, Defaults defaults) {
    ConfigReader fields = config.fields();
    int hidden = fields.positiveInt("hidden_size", defaults.hidden);
    int heads = fields.positiveInt("num_attention_heads", defaults.heads);
    fields.requireDivisor("num_attention_heads", heads, "hidden_size", hidden);
    return new TowerSizes(
        hidden,
        fields.positiveInt("intermediate_size", Math.max(1, defaults.inner)),
        fields.positiveInt("num_hidden_layers", defaults.layers),
        heads,
        Activations.read(config, "hidden_act", defaults.activation),
        fields.positiveNumber("layer_norm_eps", defaults.eps));
  }

  /**
   * Reads the configuration of a part of a model, and refuses or reports fields that the part of
   * that type does not know.
   */
  static ModelConfig part(ModelConfig model, String field, String type, String... read) {
    return checked(model.part(field, type), read);
  }

  /** Refuses or reports fields that models of the type do not know. */
  static ModelConfig checked(ModelConfig config, String... read) {
    UnreadFeatures.refuse(config, Set.of(read));
    Set<String> unknown = UnreadFeatures.unknown(config, Set.of(read)).keySet();
    if (!unknown.isEmpty()) {
      LOG.warn(
          "{}: a {} has no field {}. Nothing is computed with it.",
          config.fields().file(),
          config.modelType(),
          String.join(", ", unknown));
    }
    return config;
  }

  int headWidth() {
    return hidden / heads;
  }
}
