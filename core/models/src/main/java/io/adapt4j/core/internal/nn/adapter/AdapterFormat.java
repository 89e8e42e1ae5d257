package io.adapt4j.core.internal.nn.adapter;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.method.Adapter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;

/** Format of stored adapters. Modules provide theirs, which {@link ServiceLoader} finds. */
public interface AdapterFormat {

  Optional<AdapterMechanics> find(Path folder);

  Optional<AdapterMechanics> mechanics(Adapter adapter);

  /** Reads the adapter in a folder, in any format of the modules on the class path. */
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
