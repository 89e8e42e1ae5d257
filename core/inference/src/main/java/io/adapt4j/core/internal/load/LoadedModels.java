package io.adapt4j.core.internal.load;

import io.adapt4j.core.internal.SingleUse;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Function;

/**
 * Finds the parts of an open model, for modules of the library that give it more than texts.
 * Thread-safe.
 */
public final class LoadedModels {

  private static final Map<Object, LoadedModel> OPEN =
      Collections.synchronizedMap(new WeakHashMap<>());

  /** Returns the lock of a model. Locks are not values of {@link #OPEN}: they refer to its keys. */
  private static volatile Function<Object, SingleUse> locks =
      model -> {
        throw new IllegalArgumentException("expected a model with texts, found " + model);
      };

  private LoadedModels() {}

  /** Sets how the lock of a model is found. */
  public static void lockedBy(Function<Object, SingleUse> finding) {
    locks = finding;
  }

  /** Returns the lock under which a model computes and its adapters change. */
  public static SingleUse lock(Object model) {
    return locks.apply(model);
  }

  /** Adds a model that was opened. */
  public static void opened(Object model, LoadedModel parts) {
    OPEN.put(model, parts);
  }

  /** Removes a model that was closed. */
  public static void closed(Object model) {
    OPEN.remove(model);
  }

  /** Returns the parts of a model. */
  public static LoadedModel of(Object model) {
    LoadedModel parts = OPEN.get(model);
    if (parts == null) {
      throw new IllegalStateException("The model has been closed");
    }
    return parts;
  }
}
