package io.adapt4j.core;

import io.adapt4j.core.internal.load.FolderIdentity;
import io.adapt4j.core.internal.load.LoadedModel;
import java.util.Optional;
import java.util.StringJoiner;

/** What distinguishes a loaded model from others as it is now. Not thread-safe. */
final class ModelIdentity {

  private final LoadedModel model;

  /** Computed once: it reads files. */
  private String folder;

  ModelIdentity(LoadedModel model) {
    this.model = model;
  }

  /**
   * The folder, the compute type, the adapters that take part, and a template that was set. Empty
   * if such an adapter is not on disk.
   */
  Optional<String> text(Optional<String> templateDigest) {
    if (folder == null) {
      folder = FolderIdentity.of(model.folder());
    }
    return model
        .adapters()
        .identities()
        .map(
            adapters -> {
              StringJoiner identity = new StringJoiner(" ");
              identity.add(folder).add(computation());
              adapters.forEach(adapter -> identity.add("+ " + adapter));
              templateDigest.ifPresent(digest -> identity.add("template " + digest));
              return identity.toString();
            });
  }

  private String computation() {
    String type = model.decoder().type().toString();
    boolean packed = !model.decoder().packedLinears().isEmpty();
    return packed ? type + " " + model.weights().description() : type;
  }
}
