package io.adapt4j.core;

import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.load.FolderIdentity;
import io.adapt4j.core.internal.load.LoadedModel;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** What distinguishes a loaded model from others as it is now. Not thread-safe. */
final class ModelIdentity {

  private final LoadedModel model;

  /** Computed once: it reads files. */
  private @Nullable String folder;

  ModelIdentity(LoadedModel model) {
    this.model = model;
  }

  /**
   * The folder, the compute type, the adapters that take part, and a template that was set. Empty
   * if such an adapter is not on disk.
   *
   * @param adapter the only one that takes part, or null for those that are on
   */
  Optional<String> text(@Nullable String adapter, Optional<String> templateDigest) {
    String base = folder == null ? FolderIdentity.of(model.folder()) : folder;
    folder = base;
    AdapterSet all = model.adapters();
    return (adapter == null ? all.identities() : all.identities(adapter))
        .map(
            adapters -> {
              StringJoiner identity = new StringJoiner(" ");
              identity.add(base).add(computation());
              adapters.forEach(text -> identity.add("+ " + text));
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
