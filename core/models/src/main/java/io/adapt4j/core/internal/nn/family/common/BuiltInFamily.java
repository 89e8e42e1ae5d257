package io.adapt4j.core.internal.nn.family.common;

import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.Set;

/** A family with its model types, its defaults and the features it reads. */
public abstract class BuiltInFamily implements Architecture {

  private final Set<String> modelTypes;
  private final DecoderConfig.Defaults defaults;
  private final Set<String> features;

  protected BuiltInFamily(
      Set<String> modelTypes, DecoderConfig.Defaults defaults, String... features) {
    this.modelTypes = Set.copyOf(modelTypes);
    this.defaults = defaults;
    this.features = Set.of(features);
  }

  protected BuiltInFamily(String modelType, DecoderConfig.Defaults defaults, String... features) {
    this(Set.of(modelType), defaults, features);
  }

  /** Creates a family with Llama's defaults. */
  protected BuiltInFamily(String modelType, String... features) {
    this(Set.of(modelType), DecoderConfig.Defaults.LLAMA, features);
  }

  @Override
  public final Set<String> modelTypes() {
    return modelTypes;
  }

  @Override
  public final DecoderConfig.Defaults defaults() {
    return defaults;
  }

  @Override
  public Set<String> features() {
    return features;
  }
}
