package io.adapt4j.lora;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.adapter.AdapterFormat;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.lora.internal.peft.AdapterKind;
import io.adapt4j.lora.internal.peft.PeftFolder;
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
    String type = ConfigReader.read(file).requireText("peft_type");
    // Others are read as LoRA, which refuses them.
    return Optional.of(
        AdapterKind.all().stream()
            .filter(kind -> kind.peftType().equals(type))
            .findFirst()
            .orElseGet(LoraKind::new)
            .at(folder));
  }

  @Override
  public Optional<AdapterMechanics> mechanics(Adapter adapter) {
    return adapter instanceof LoraAdapter lora
        ? Optional.of(new LoraAdapterMechanics(lora))
        : Optional.empty();
  }
}
