package io.adapt4j.lora;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.Adapter;
import io.adapt4j.core.internal.nn.AdapterFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Adapters in PEFT folders, by the {@code peft_type} of their configuration. */
public final class PeftAdapters implements AdapterFormat {

  /** Found by {@link java.util.ServiceLoader}. */
  public PeftAdapters() {}

  @Override
  public Optional<Adapter> find(Path folder) {
    Path file = folder.resolve(PeftFolder.CONFIG);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    boolean scales = ConfigReader.read(file).requireText("peft_type").equals(PeftFolder.IA3);
    return Optional.of(scales ? Ia3Adapter.at(folder) : LoraAdapter.at(folder));
  }
}
