package io.adapt4j.lora;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.adapter.AdapterFormat;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Adapters in PEFT folders, by the {@code peft_type} of their configuration. */
class PeftAdapters implements AdapterFormat {

  /** Public subclass, as {@link java.util.ServiceLoader} requires. */
  public static final class Service extends PeftAdapters {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  @Override
  public Optional<AdapterMechanics> find(Path folder) {
    Path file = folder.resolve(PeftFolder.CONFIG);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    boolean scales = ConfigReader.read(file).requireText("peft_type").equals(PeftFolder.IA3);
    return mechanics(scales ? Ia3Adapter.at(folder) : LoraAdapter.at(folder));
  }

  @Override
  public Optional<AdapterMechanics> mechanics(Adapter adapter) {
    if (adapter instanceof LoraAdapter lora) {
      return Optional.of(new LoraAdapterMechanics(lora));
    }
    return adapter instanceof Ia3Adapter ia3
        ? Optional.of(new Ia3AdapterMechanics(ia3))
        : Optional.empty();
  }
}
