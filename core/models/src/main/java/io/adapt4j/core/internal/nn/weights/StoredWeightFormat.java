package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.method.WeightFormat;
import java.util.Optional;

/**
 * Detects checkpoints whose linear weights are stored in a special format, according to {@code
 * quantization_config}. Modules provide theirs, which {@link java.util.ServiceLoader} finds.
 */
public interface StoredWeightFormat {

  /** Field of {@code config.json} in such checkpoints. */
  String FIELD = "quantization_config";

  Optional<WeightMechanics> find(ConfigReader config, WeightFormat wanted);

  Optional<WeightMechanics> mechanics(WeightFormat format);
}
