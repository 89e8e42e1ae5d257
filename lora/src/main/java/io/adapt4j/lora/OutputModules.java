package io.adapt4j.lora;

import io.adapt4j.core.model.Encoder;
import io.adapt4j.core.model.Network;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The output layers that train in full beside an adapter: those that score classes, as PEFT has it
 * for its tasks {@code SEQ_CLS} and {@code TOKEN_CLS}, and those that the base does not have.
 */
final class OutputModules {

  /** What PEFT adds to the modules to save, whichever of the two a model has. */
  private static final List<String> CLASSIFIERS = List.of("classifier", "score");

  private OutputModules() {}

  /** The configuration with the network's output layers among the modules to save. */
  static AdapterConfig addedTo(AdapterConfig config, Network network) {
    Set<String> modules = new LinkedHashSet<>(config.modulesToSave());
    if (network instanceof Encoder encoder && encoder.classes() > 0) {
      modules.addAll(CLASSIFIERS);
    }
    for (String tensor : network.outputTensors()) {
      String path = tensor.substring(0, tensor.lastIndexOf('.'));
      if (network.newTensors().contains(tensor) && modules.stream().noneMatch(path::endsWith)) {
        modules.add(path);
      }
    }
    return config.with(draft -> draft.modulesToSave = List.copyOf(modules));
  }
}
