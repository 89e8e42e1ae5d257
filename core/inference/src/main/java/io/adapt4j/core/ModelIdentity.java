package io.adapt4j.core;

import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.load.FolderIdentity;
import io.adapt4j.core.internal.load.LoadedModel;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Identity of a loaded model in its current state, for caches of answers. Not thread-safe. */
final class ModelIdentity {

  private final LoadedModel model;

  /** Computed once, since it reads files. */
  private @Nullable String folder;

  ModelIdentity(LoadedModel model) {
    this.model = model;
  }

  /**
   * Combines the folder, the compute type, the active adapters and the digest of a template that
   * was set. Empty if an active adapter is not on disk. The adapter is the only active one, or null
   * for those activated on the model.
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
              if (all.isMerged()) {
                identity.add("merged");
              }
              templateDigest.ifPresent(digest -> identity.add("template " + digest));
              return identity.toString();
            });
  }

  private String computation() {
    String type =
        model.decoder().type()
            + model
                .decoder()
                .modelConfig()
                .layerStack()
                .map(stack -> " layers " + stack)
                .orElse("");
    boolean packed = !model.decoder().packedLinears().isEmpty();
    return packed ? type + " " + model.weights().description() : type;
  }
}
