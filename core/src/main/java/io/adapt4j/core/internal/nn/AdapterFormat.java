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

  /**
   * Reads the adapter of a folder.
   *
   * @param folder the folder
   * @return the adapter; empty if it is of another kind
   * @throws CheckpointException if it is of this kind and cannot be used
   */
  Optional<AdapterMechanics> find(Path folder);

  /**
   * Returns what an adapter does to a model.
   *
   * @param adapter an adapter of any kind
   * @return its mechanics; empty if it is of another kind
   */
  Optional<AdapterMechanics> mechanics(Adapter adapter);

  /**
   * Reads the adapter of a folder, of whatever kind the modules on the class path know.
   *
   * @param folder the folder
   * @return the adapter
   * @throws CheckpointException if none of them knows it
   */
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
