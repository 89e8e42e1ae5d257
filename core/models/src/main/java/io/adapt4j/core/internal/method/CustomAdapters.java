package io.adapt4j.core.internal.method;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.nn.adapter.AdapterFormat;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import java.nio.file.Path;
import java.util.Optional;

/** Recognizes adapters saved by custom methods; found by {@link java.util.ServiceLoader}. */
public final class CustomAdapters implements AdapterFormat {

  /** Made by {@link java.util.ServiceLoader}. */
  public CustomAdapters() {}

  @Override
  public Optional<AdapterMechanics> find(Path folder) {
    if (ValueFolder.UPDATE.isThere(folder)) {
      throw new CheckpointException(
          folder
              + ": expected an adapter that its folder alone describes, found parameters of "
              + ValueFolder.UPDATE.method(folder)
              + ". Give its code too: Adapter.custom(folder, update).");
    }
    return ValueFolder.SELECTION.isThere(folder)
        ? Optional.of(new SelectionAdapter(folder))
        : Optional.empty();
  }

  @Override
  public Optional<AdapterMechanics> mechanics(Adapter adapter) {
    return adapter instanceof Adapter.Custom custom
        ? Optional.of(new UpdateAdapter(custom))
        : Optional.empty();
  }
}
