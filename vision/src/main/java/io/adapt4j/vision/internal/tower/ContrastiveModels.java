package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Registry of the models of pictures and texts that this build supports, by {@code model_type}. */
public final class ContrastiveModels {

  private static final Map<String, Function<ModelConfig, ContrastiveModel>> ALL =
      Map.of(
          "siglip", SiglipModel::fixed,
          "siglip2", SiglipModel::flexible,
          "clip", ClipModel::new);

  private ContrastiveModels() {}

  /** Returns the supported values of {@code model_type}. */
  public static Set<String> modelTypes() {
    return ALL.keySet();
  }

  /** Declares a model, without weights. */
  public static ContrastiveModel declare(ModelConfig config) {
    return Towers.find(ALL, config, "model of pictures and texts")
        .apply(TowerSizes.checked(config));
  }
}
