package io.adapt4j.upkeep.cycle;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Adapter of a running model that follows an alias of a registry. {@link #update} swaps it in one
 * step: requests that have begun keep the version they began with, later ones get the new version.
 * Call it on a schedule. Thread-safe.
 */
public final class AliasFollower {

  private final Registry registry;
  private final String reference;
  private final LanguageModel model;
  private final String adapter;
  private @Nullable ModelVersion serving;

  /**
   * Creates a follower; nothing is loaded before {@link #update}.
   *
   * @param registry registry of the versions
   * @param reference such as {@code support@production}
   * @param model the running model, on whose base the versions were trained
   * @param adapter name of the adapter, by which requests select it
   */
  public AliasFollower(Registry registry, String reference, LanguageModel model, String adapter) {
    this.registry = registry;
    this.reference = reference;
    this.model = model;
    this.adapter = adapter;
  }

  /**
   * Loads the alias's version if it is not the one in use. If that fails, the version in use stays.
   *
   * @return the version that was loaded; empty if nothing has changed
   */
  public synchronized Optional<ModelVersion> update() {
    ModelVersion version = registry.resolve(reference);
    if (version.equals(serving)) {
      return Optional.empty();
    }
    Adapter loaded = Adapter.at(version.folder());
    if (serving == null) {
      model.addAdapter(adapter, loaded);
    } else {
      model.replaceAdapter(adapter, loaded);
    }
    serving = version;
    return Optional.of(version);
  }

  /** {@return the version in use} */
  public synchronized Optional<ModelVersion> serving() {
    return Optional.ofNullable(serving);
  }
}
