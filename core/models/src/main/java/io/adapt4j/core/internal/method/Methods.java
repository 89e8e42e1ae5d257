package io.adapt4j.core.internal.method;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.method.FineTuningMethod;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** Finds the kinds of methods on the class path, and the implementation of a method. */
public final class Methods {

  private Methods() {}

  public static List<MethodProvider> known() {
    return ServiceLoader.load(MethodProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  /** Returns a kind of method that another builds on. */
  public static MethodProvider named(String name) {
    return known().stream()
        .filter(provider -> provider.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no provider of the method " + name));
  }

  public static MethodMechanics of(FineTuningMethod method) {
    if (method instanceof MethodMechanics own) {
      return own;
    }
    if (method instanceof FineTuningMethod.Custom custom) {
      return new SelectionMechanics(custom);
    }
    if (method instanceof FineTuningMethod.CustomUpdate custom) {
      return new UpdateMechanics(custom);
    }
    for (MethodProvider provider : known()) {
      Optional<MethodMechanics> found = provider.mechanics(method);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw new CheckpointException(
        "method: expected one that a module on the class path brings, found "
            + method.getClass().getName()
            + " ("
            + method.description()
            + "). Add the module that it comes from: adapt4j-lora for LoRA and other adapters, adapt4j-qlora"
            + " for QLoRA. A jar that unites modules has to unite their META-INF/services too.");
  }
}
