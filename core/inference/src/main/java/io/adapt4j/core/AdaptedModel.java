package io.adapt4j.core;

import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** A model in memory with the adapters on it, used by one thread at a time until it is closed. */
abstract class AdaptedModel implements AutoCloseable {

  final LoadedModel model;
  final TrainedTemplates trainedTemplates;
  private final SingleUse use;

  AdaptedModel(String name, LoadedModel model, TrainedTemplates trainedTemplates) {
    this.model = model;
    this.trainedTemplates = trainedTemplates;
    this.use = new SingleUse(name, this::closing, this::free);
  }

  /** Shares all state with another model, which owns it and closes it. */
  AdaptedModel(AdaptedModel shared, TrainedTemplates trainedTemplates) {
    this.model = shared.model;
    this.trainedTemplates = trainedTemplates;
    this.use = shared.use;
  }

  /** Hook that runs before the model is closed, while it may still be in use. */
  void closing() {}

  /** The lock that is held while the model is used exclusively. */
  final ReentrantLock lock() {
    return use.lock();
  }

  /** Runs an action that takes the lock itself where needed; the model stays open meanwhile. */
  final <T> T share(Supplier<T> action) {
    return use.share(action);
  }

  /** Frees the model's memory. */
  void free() {
    model.close();
  }

  final void exclusively(Runnable action) {
    use.run(action);
  }

  final <T> T exclusively(Supplier<T> action) {
    return use.call(action);
  }

  /** Runs an action that computes with the model, under the lock. */
  <T> T computing(Supplier<T> action) {
    return exclusively(action);
  }

  /**
   * Adds an adapter next to those already loaded. It stays inactive until it is named in {@link
   * #useAdapters} or {@link LanguageModel#withAdapter}. Base weights are shared: an adapter costs
   * only its own parameters. Running requests are neither changed nor delayed for long.
   */
  public void addAdapter(String name, Adapter adapter) {
    exclusively(
        () -> {
          model.adapters().add(name, AdapterMechanics.of(adapter));
          trainedTemplates.add(name, AdapterMechanics.of(adapter));
        });
  }

  /**
   * Replaces an adapter; the new one takes over the name. Requests that have begun with the old one
   * keep it; it is freed when they have ended.
   */
  public void replaceAdapter(String name, Adapter adapter) {
    exclusively(
        () -> {
          model.adapters().replace(name, AdapterMechanics.of(adapter));
          trainedTemplates.add(name, AdapterMechanics.of(adapter));
        });
  }

  /** Removes an adapter and frees its memory once the requests that use it have ended. */
  public void removeAdapter(String name) {
    exclusively(
        () -> {
          model.adapters().remove(name);
          trainedTemplates.remove(name);
        });
  }

  /**
   * Activates exactly these adapters. This only sets a few flags, and copies modules that an
   * adapter saves in full. The updates of several adapters add up; of two that save the same module
   * in full, the later one in this list counts. DoRA also rescales the updates of the adapters
   * applied before it.
   */
  public void useAdapters(String... names) {
    List<String> wanted = List.of(names);
    exclusively(() -> model.adapters().use(wanted));
  }

  /**
   * Returns the names of the adapters on the model. One given to {@link
   * LanguageModel#load(ModelSource, Adapter...)} has the name of its folder, with a number appended
   * if that was taken.
   */
  public List<String> adapterNames() {
    return share(() -> model.adapters().names());
  }

  /** {@return the names of the adapters that take part now, an immutable list} */
  public List<String> activeAdapters() {
    return exclusively(() -> model.adapters().active());
  }

  /**
   * Runs an action with all adapters disabled, such as scoring with the reference model. Other
   * threads wait meanwhile.
   */
  public <T> T withoutAdapters(Supplier<T> action) {
    return exclusively(() -> model.adapters().without(action));
  }

  /** Enables or disables the active adapters, to compare with the base model. */
  public void enableAdapters(boolean enabled) {
    exclusively(() -> model.adapters().enabled(enabled));
  }

  /** Merges the active adapters into the weights, which removes their inference cost. */
  public void mergeAdapters() {
    exclusively(() -> model.adapters().merge());
  }

  /** Unmerges merged adapters from the weights. */
  public void unmergeAdapters() {
    exclusively(() -> model.adapters().unmerge());
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    use.close();
  }
}
