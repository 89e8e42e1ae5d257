package io.adapt4j.core.internal.nn;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.method.Adapter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Recognizes folders that hold a stored adapter. Modules bring theirs; they are found by {@link
 * ServiceLoader}.
 */
public interface AdapterFormat {

  /** Reads the adapter of a folder. */
  Optional<AdapterMechanics> find(Path folder);

  /** Returns what an adapter does to a model. */
  Optional<AdapterMechanics> mechanics(Adapter adapter);

  /** Reads the adapter of a folder, of whatever kind the modules on the class path know. */
  static AdapterMechanics read(Path folder) {
    for (AdapterFormat adapterFormat : ServiceLoader.load(AdapterFormat.class)) {
      Optional<AdapterMechanics> found = adapterFormat.find(folder);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw new CheckpointException(
        folder
            + (Files.isDirectory(folder)
                ? ": no adapter that a module on the class path reads. Add adapt4j-lora for PEFT"
                    + " folders, which hold adapter_config.json."
                : ": no such folder. Give the folder of an adapter."));
  }
}
