package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Registry of the classifiers of pictures that this build supports, by {@code model_type}. */
public final class PictureClassifiers {

  private static final String SUFFIX = "ForImageClassification";

  private static final Map<String, Function<ModelConfig, PictureClassifier>> ALL =
      Map.of("vit", Vit::declare, "dinov2", Dinov2::declare);

  private PictureClassifiers() {}

  /** Returns the supported values of {@code model_type}. */
  public static Set<String> modelTypes() {
    return ALL.keySet();
  }

  /** Declares the classifier of a configuration, without weights. */
  public static PictureClassifier declare(ModelConfig config) {
    Function<ModelConfig, PictureClassifier> family =
        Towers.find(ALL, config, "classifier of pictures");
    if (config.architectures().stream().noneMatch(name -> name.endsWith(SUFFIX))) {
      throw config
          .fields()
          .invalid(
              "architectures",
              "a class that ends in " + SUFFIX,
              "The model does not classify pictures.");
    }
    return family.apply(TowerSizes.checked(config));
  }
}
