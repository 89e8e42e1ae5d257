package io.adapt4j.core.method;

import io.adapt4j.core.spi.WeightUpdate;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A stored change to a model, such as a LoRA adapter, that can be put on its base. Modules bring
 * kinds of adapters; that of adapt4j-lora is {@code LoraAdapter}.
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
   * Makes an adapter of what {@link FineTuningMethod#custom(WeightUpdate)} saved.
   *
   * @param folder the folder; read when the adapter is put on a model
   * @param update the update that it was trained with
   * @return the adapter
   */
  static Adapter custom(Path folder, WeightUpdate update) {
    return new Custom(folder, update);
  }

  /**
   * An adapter that is made of code and stored parameters.
   *
   * @param folder the folder
   * @param update the update that it was trained with
   */
  record Custom(Path folder, WeightUpdate update) implements Adapter {

    /** Returns the name of the folder. */
    @Override
    public String name() {
      return Adapter.at(folder).name();
    }
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
