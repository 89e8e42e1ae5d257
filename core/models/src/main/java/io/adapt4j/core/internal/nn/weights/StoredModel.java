package io.adapt4j.core.internal.nn.weights;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Configuration of a checkpoint folder, and the storage format of its linear weights. */
public record StoredModel(ModelConfig config, WeightMechanics weights) {

  private static final Logger LOG = LoggerFactory.getLogger(StoredModel.class);

  /**
   * Reads a configuration; that of a quantized checkpoint is supported if a module on the class
   * path reads its weights.
   */
  public static StoredModel read(Path folder, WeightFormat wanted) {
    if (wanted instanceof WeightFormat.Int8Activations rounded) {
      StoredModel model = read(folder, rounded.weights());
      return new StoredModel(model.config(), new RoundedActivations(model.weights()));
    }
    ConfigReader stored = ConfigReader.read(folder.resolve(ModelConfig.FILE));
    if (stored.has(StoredWeightFormat.FIELD)) {
      Optional<WeightMechanics> found = find(stored, wanted);
      if (found.isPresent()) {
        ObjectNode plain = stored.json();
        plain.remove(StoredWeightFormat.FIELD);
        ModelConfig config = ModelConfig.parse(stored.file(), Json.compact(plain));
        return new StoredModel(config, found.get());
      }
    }
    ModelConfig config = ModelConfig.read(folder);
    if (stored.has(StoredWeightFormat.FIELD)) {
      LOG.info("{}: the stored weights are quantized; they are unpacked as they are read", folder);
    }
    return new StoredModel(config, WeightMechanics.of(wanted));
  }

  private static Optional<WeightMechanics> find(ConfigReader stored, WeightFormat wanted) {
    for (StoredWeightFormat storedWeightFormat : ServiceLoader.load(StoredWeightFormat.class)) {
      Optional<WeightMechanics> found = storedWeightFormat.find(stored, wanted);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }
}
