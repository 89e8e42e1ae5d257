package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.nn.AdapterFormat;
import io.adapt4j.core.internal.nn.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import java.nio.file.Path;
import java.util.Optional;

/** Recognizes folders with values of some parameters; found by {@link java.util.ServiceLoader}. */
public final class SelectionFormat implements AdapterFormat {

  /** Made by {@link java.util.ServiceLoader}. */
  public SelectionFormat() {}

  @Override
  public Optional<AdapterMechanics> find(Path folder) {
    return SelectionFolder.isThere(folder)
        ? Optional.of(new SelectionAdapter(folder))
        : Optional.empty();
  }

  @Override
  public Optional<AdapterMechanics> mechanics(Adapter adapter) {
    return Optional.empty();
  }
}
