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

  /**
   * Finds the format of a checkpoint.
   *
   * @param config its configuration, with the field {@value #FIELD}
   * @param wanted the format that was asked for; {@link WeightFormat#asStored} for none
   * @return what holds its weights as they are stored; empty if they are of another kind
   * @throws io.adapt4j.core.exception.CheckpointException if another format was asked for than the
   *     checkpoint has
   */
  Optional<WeightMechanics> find(ConfigReader config, WeightFormat wanted);

  /**
   * Returns how a format holds weights.
   *
   * @param format a format of any kind
   * @return its mechanics; empty if it is of another kind
   */
  Optional<WeightMechanics> mechanics(WeightFormat format);
}
