package io.adapt4j.core;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.config.ConfigException;
import io.adapt4j.core.config.ConfigReader;
import io.adapt4j.core.config.ModelConfig;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.StoredWeightFormat;
import io.adapt4j.core.model.WeightFormat;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * What a checkpoint folder says of its model and of how the linear weights are stored.
 *
 * @param config the configuration, as of a plain checkpoint
 * @param weights how the linear weights will be held
 */
record BaseModel(ModelConfig config, WeightFormat weights) {

  /**
   * Reads a configuration, also that of a quantised checkpoint where a module on the class path
   * reads its weights.
   *
   * @param wanted how to hold the linear weights
   * @throws ConfigException as {@link ModelConfig#read} does; a quantised checkpoint is refused
   *     where no module reads it, or where it is in another format than wanted
   */
  static BaseModel read(Path folder, WeightFormat wanted) {
    ConfigReader stored = ConfigReader.read(folder.resolve(ModelConfig.FILE));
    if (stored.has(StoredWeightFormat.FIELD)) {
      Optional<WeightFormat> found = find(stored, wanted);
      if (found.isPresent()) {
        ObjectNode plain = stored.json();
        plain.remove(StoredWeightFormat.FIELD);
        return new BaseModel(ModelConfig.parse(stored.file(), Json.compact(plain)), found.get());
      }
    }
    return new BaseModel(ModelConfig.read(folder), wanted);
  }

  private static Optional<WeightFormat> find(ConfigReader stored, WeightFormat wanted) {
    for (StoredWeightFormat one : ServiceLoader.load(StoredWeightFormat.class)) {
      Optional<WeightFormat> found = one.find(stored, wanted);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }
}
