package io.adapt4j.spark.internal.model;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.load.FolderIdentity;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Model to load on an executor. */
public record ModelSpec(String model, String adapter, Precision precision) implements Serializable {

  private static final String HUB = "hub:";

  /** Returns the location of the model on this machine. */
  public ModelSource source() {
    if (!model.startsWith(HUB)) {
      return ModelSource.path(ShippedFiles.find("modelPath", model));
    }
    String name = model.substring(HUB.length());
    int at = name.indexOf('@');
    return at < 0
        ? ModelSource.hub(name)
        : ModelSource.hub(name.substring(0, at), name.substring(at + 1));
  }

  /** Returns the adapters to attach: none or one. */
  public Adapter[] adapters() {
    return adapter.isEmpty()
        ? new Adapter[0]
        : new Adapter[] {Adapter.at(ShippedFiles.find("adapterPath", adapter))};
  }

  /** Loads a language model that keeps no prompts; the caller closes it. */
  public LanguageModel loadWithoutPromptCache() {
    LanguageModel loaded = LanguageModel.load(source(), precision, adapters());
    loaded.limitPromptCache(0);
    return loaded;
  }

  /** Returns a key that identifies the loaded model, even if the files of a path have changed. */
  String key() {
    String base = model.startsWith(HUB) ? model : described(ShippedFiles.find("modelPath", model));
    String put = adapter.isEmpty() ? "" : described(ShippedFiles.find("adapterPath", adapter));
    return String.join("\n", List.of(base, put, precision.name()));
  }

  private static String described(Path path) {
    String at = path.toAbsolutePath().normalize().toString();
    return Files.isDirectory(path) ? at + " " + FolderIdentity.of(path) : at;
  }
}
