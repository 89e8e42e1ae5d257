package io.adapt4j.lora;

import io.adapt4j.core.method.Adapter;
import java.nio.file.Path;

/** An (IA)3 adapter in a PEFT folder. Immutable; the vectors are read when it is attached. */
final class Ia3Adapter implements Adapter {

  private final Path folder;
  private final Ia3Config config;

  private Ia3Adapter(Path folder, Ia3Config config) {
    this.folder = folder;
    this.config = config;
  }

  /** Reads an adapter's configuration. */
  static Ia3Adapter at(Path folder) {
    return new Ia3Adapter(folder, Ia3Config.read(folder));
  }

  /** Returns the name of the folder. */
  @Override
  public String name() {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return last == null ? "adapter" : last.toString();
  }

  Path folder() {
    return folder;
  }

  Ia3Config config() {
    return config;
  }
}
