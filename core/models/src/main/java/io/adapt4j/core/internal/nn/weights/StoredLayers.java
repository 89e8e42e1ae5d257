package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ConfigReader;
import java.nio.file.Files;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compares the number of layers in a configuration with the layers in the weights, before a network
 * with that many layers is declared. All other sizes are part of tensor shapes and are checked
 * before memory is allocated.
 */
public final class StoredLayers {

  private static final Pattern LAYER =
      Pattern.compile("(?:^|.*?\\.)(?:layers|layer|h|block)\\.(\\d{1,9})\\..*");

  private static final List<String> FIELDS =
      List.of("num_hidden_layers", "n_layer", "n_layers", "num_layers");

  private StoredLayers() {}

  /**
   * Rejects a configuration with more layers than its weights have. Missing or unreadable weights
   * are reported later, by the code that needs them.
   */
  public static void require(ConfigReader config) {
    if (!Files.isRegularFile(config.file())) {
      return;
    }
    OptionalInt stored;
    try (Checkpoint checkpoint = Checkpoint.open(config.file().toAbsolutePath().getParent())) {
      stored = count(checkpoint);
    } catch (CheckpointException e) {
      return;
    }
    if (stored.isEmpty()) {
      return;
    }
    for (String field : FIELDS) {
      // Beside num_layers it may count parts of layers, and is not read.
      boolean read = !field.equals(FIELDS.get(0)) || !config.has("num_layers");
      if (read && config.positiveInt(field, 1) > stored.getAsInt()) {
        throw config.invalid(
            field,
            stored.getAsInt() + ", as the weights beside it have so many layers",
            "Correct the value, or fetch config.json and the weights of one model.");
      }
    }
  }

  private static OptionalInt count(Checkpoint checkpoint) {
    return checkpoint.names().stream()
        .map(LAYER::matcher)
        .filter(Matcher::matches)
        .mapToInt(layer -> Integer.parseInt(layer.group(1)) + 1)
        .max();
  }
}
