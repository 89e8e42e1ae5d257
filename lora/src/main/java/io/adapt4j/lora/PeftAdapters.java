package io.adapt4j.lora;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.adapter.AdapterFormat;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Adapters in PEFT folders, by the {@code peft_type} of their configuration. */
class PeftAdapters implements AdapterFormat {

  /** Public subclass, as {@link java.util.ServiceLoader} requires. */
  public static final class Service extends PeftAdapters {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  /** Kinds of adapters by their {@code peft_type}; others are read as LoRA, which refuses them. */
  private static final Map<String, Function<Path, AdapterMechanics>> KINDS =
      Map.of(PeftFolder.IA3, Ia3AdapterMechanics::at, PeftFolder.LORA, LoraAdapterMechanics::at);

  @Override
  public Optional<AdapterMechanics> find(Path folder) {
    Path file = folder.resolve(PeftFolder.CONFIG);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    String type = ConfigReader.read(file).requireText("peft_type");
    return Optional.of(KINDS.getOrDefault(type, LoraAdapterMechanics::at).apply(folder));
  }

  @Override
  public Optional<AdapterMechanics> mechanics(Adapter adapter) {
    return adapter instanceof LoraAdapter lora
        ? Optional.of(new LoraAdapterMechanics(lora))
        : Optional.empty();
  }
}
