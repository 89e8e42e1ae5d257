package io.adapt4j.core;

import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.AdapterMechanics;
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

  /** Shares everything with another model, which is the one that is closed. */
  AdaptedModel(AdaptedModel shared, TrainedTemplates trainedTemplates) {
    this.model = shared.model;
    this.trainedTemplates = trainedTemplates;
    this.use = shared.use;
  }

  /** Run before the model is closed, while it may still be in use. */
  void closing() {}

  /** The lock that is held while the model is used exclusively. */
  final ReentrantLock lock() {
    return use.lock();
  }

  /** Runs something that takes the lock itself where it needs it, while the model stays open. */
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

  /** Runs something that computes with the model. */
  <T> T computing(Supplier<T> action) {
    return exclusively(action);
  }

  /**
   * Puts an adapter on the model, beside those it has. It takes no part until it is named in {@link
   * #useAdapters} or {@link LanguageModel#withAdapter}. The base's weights are shared: an adapter
   * costs its own values only. Nothing that runs is changed or held up for long.
   *
   * @param name how it is called from now on
   * @param adapter what to put on
   * @throws IllegalArgumentException if the name is blank or taken, or the adapter does not fit
   * @throws IllegalStateException while adapters are merged
   */
  public void addAdapter(String name, Adapter adapter) {
    exclusively(
        () -> {
          model.adapters().add(name, AdapterMechanics.of(adapter));
          trainedTemplates.add(name, AdapterMechanics.of(adapter));
        });
  }

  /**
   * Replaces an adapter with another one, which gets its name. Requests that have begun with the
   * other one keep it; it is freed when they have ended.
   *
   * @param name the name of the other one
   * @param adapter what to put on
   * @throws IllegalArgumentException if there is none of this name, or the adapter does not fit
   * @throws IllegalStateException while adapters are merged
   */
  public void replaceAdapter(String name, Adapter adapter) {
    exclusively(
        () -> {
          model.adapters().replace(name, AdapterMechanics.of(adapter));
          trainedTemplates.add(name, AdapterMechanics.of(adapter));
        });
  }

  /**
   * Takes an adapter off the model and frees its memory, as soon as the requests that have begun
   * with it have ended.
   *
   * @param name its name
   * @throws IllegalArgumentException if there is none of this name
   * @throws IllegalStateException while adapters are merged
   */
  public void removeAdapter(String name) {
    exclusively(
        () -> {
          model.adapters().remove(name);
          trainedTemplates.remove(name);
        });
  }

  /**
   * Lets exactly these adapters take part. Takes no longer than a few flags, and a copy of modules
   * that an adapter saves in full. Effects of several add up; of two that save the same module in
   * full the later one here counts. DoRA rescales what those put on before it have added, too.
   *
   * @param names adapters of {@link #adapterNames}; none to run the model alone
   * @throws IllegalArgumentException if a name is unknown or there twice
   * @throws IllegalStateException while adapters are merged
   */
  public void useAdapters(String... names) {
    List<String> wanted = List.of(names);
    exclusively(() -> model.adapters().use(wanted));
  }

  /**
   * Returns the names of the adapters on the model. One given to {@link
   * LanguageModel#load(ModelSource, Adapter...)} has the name of its folder, with a number where
   * that was taken.
   *
   * @return in the order in which they were put on
   */
  public List<String> adapterNames() {
    return share(() -> model.adapters().names());
  }

  /** {@return the names of the adapters that take part now, an immutable list} */
  public List<String> activeAdapters() {
    return exclusively(() -> model.adapters().active());
  }

  /**
   * Runs something on the model alone, such as the scoring of a reference. Other threads wait
   * meanwhile.
   *
   * @param <T> what it gives
   * @param action what to run; it may use this model
   * @return its result
   * @throws IllegalStateException while adapters are merged
   */
  public <T> T withoutAdapters(Supplier<T> action) {
    return exclusively(() -> model.adapters().without(action));
  }

  /**
   * Turns the effect of the adapters in use on or off, to compare with the model they were put on.
   *
   * @param enabled false to run the model alone
   */
  public void enableAdapters(boolean enabled) {
    exclusively(() -> model.adapters().enabled(enabled));
  }

  /** Merges the adapters in use into the weights, so that they cost nothing to run. */
  public void mergeAdapters() {
    exclusively(() -> model.adapters().merge());
  }

  /** Takes merged adapters out of the weights again. */
  public void unmergeAdapters() {
    exclusively(() -> model.adapters().unmerge());
  }

  /**
   * Frees the model's memory, waiting for a call in progress.
   *
   * @throws IllegalStateException if called from inside such a call, that is from {@code onText}
   */
  @Override
  public void close() {
    use.close();
  }
}
