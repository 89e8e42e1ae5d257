package io.adapt4j.core.method;

import io.adapt4j.core.spi.WeightUpdate;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A stored change to a model, such as a LoRA adapter, that can be applied to its base. Modules
 * provide kinds of adapters; that of adapt4j-lora is {@code LoraAdapter}.
 */
public interface Adapter {

  /**
   * Returns a readable name.
   *
   * @return a short text, such as the name of its folder
   */
  String name();

  /**
   * Returns the adapter of a folder, of any kind that the modules on the class path can read: the
   * output of a method of {@link FineTuningMethod#custom}, and PEFT folders with adapt4j-lora.
   *
   * @param folder the folder; read when the adapter is loaded onto a model
   * @return the adapter
   */
  static Adapter at(Path folder) {
    return new Stored(folder);
  }

  /**
   * Returns an adapter saved by {@link FineTuningMethod#custom(WeightUpdate)}.
   *
   * @param folder the folder; read when the adapter is loaded onto a model
   * @param update the update that it was trained with
   * @return the adapter
   */
  static Adapter custom(Path folder, WeightUpdate update) {
    return new Custom(folder, update);
  }

  /**
   * An adapter made of code and stored parameters.
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
   * An adapter whose kind its folder determines.
   *
   * @param folder the folder
   */
  record Stored(Path folder) implements Adapter {

    /** Checks that there is a folder. */
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
