package io.adapt4j.core.internal.load;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * Finds the parts of an open model, for modules of the library that give it more than texts.
 * Thread-safe.
 */
public final class LoadedModels {

  private static final Map<Object, LoadedModel> OPEN =
      Collections.synchronizedMap(new WeakHashMap<>());

  private LoadedModels() {}

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
