package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.method.WeightFormat;
import java.util.Optional;

/**
 * Recognizes checkpoints whose linear weights are stored in their own format, which {@code
 * quantization_config} says. Modules bring theirs; they are found by {@link
 * java.util.ServiceLoader}.
 */
public interface StoredWeightFormat {

  /** The field of {@code config.json} that such checkpoints have. */
  String FIELD = "quantization_config";

  /** Finds the format of a checkpoint. */
  Optional<WeightMechanics> find(ConfigReader config, WeightFormat wanted);

  /** Returns how a format holds weights. */
  Optional<WeightMechanics> mechanics(WeightFormat format);
}
