package io.adapt4j.core.method;

import java.nio.file.Path;
import java.util.Objects;

/**
 * A stored change to a model, such as a LoRA adapter, that can be put on its base. Modules bring
 * kinds of adapters; those of adapt4j-lora are {@code LoraAdapter} and {@code Ia3Adapter}.
 */
public interface Adapter {

  /**
   * Names the adapter for people.
   *
   * @return a short text, such as the name of its folder
   */
  String name();

  /**
   * Finds the adapter of a folder, of whatever kind the modules on the class path read: what a
   * method of {@link FineTuningMethod#custom} saved, and PEFT folders with adapt4j-lora.
   *
   * @param folder the folder; read when the adapter is put on a model
   * @return the adapter
   */
  static Adapter at(Path folder) {
    return new Stored(folder);
  }

  /**
   * An adapter of a kind that its folder says.
   *
   * @param folder the folder
   */
  record Stored(Path folder) implements Adapter {

    /**
     * Checks that there is a folder.
     *
     * @param folder the folder
     */
    public Stored {
      Objects.requireNonNull(folder, "folder");
    }

    /** Returns the name of the folder. */
    @Override
    public String name() {
      Path last = folder.toAbsolutePath().normalize().getFileName();
      return last == null ? "adapter" : last.toString();
    }
  }
}
