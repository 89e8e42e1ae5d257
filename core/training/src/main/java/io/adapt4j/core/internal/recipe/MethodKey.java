package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.MethodProvider;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.train.Neftune;
import io.adapt4j.core.method.FineTuningMethod;
import java.util.List;
import java.util.Optional;

/** The key {@code method}: a method provided by a module on the class path. */
public final class MethodKey {

  private MethodKey() {}

  public static List<String> names() {
    return Methods.known().stream().map(MethodProvider::name).sorted().toList();
  }

  static Optional<FineTuningMethod> read(Fields fields) {
    List<MethodProvider> known = Methods.known();
    List<String> names = known.stream().map(MethodProvider::name).toList();
    fields.require("method", "Choose one of " + String.join(", ", names) + ".");
    Optional<Fields.Named> method = fields.named("method");
    if (method.isEmpty()) {
      return Optional.empty();
    }
    String name = method.get().name();
    for (MethodProvider provider : known) {
      if (provider.name().equals(name)) {
        Optional<FineTuningMethod> read = provider.read(method.get().options());
        method.get().options().finish();
        return read;
      }
    }
    fields.refuse("method", name, names);
    return Optional.empty();
  }

  static Optional<JsonNode> write(MethodMechanics method) {
    for (MethodProvider provider : Methods.known()) {
      Optional<ObjectNode> options = provider.write(method.chosen());
      if (options.isPresent()) {
        return Optional.of(
            JsonNodeFactory.instance.objectNode().set(provider.name(), options.get()));
      }
    }
    return Optional.empty();
  }

  /** Returns the method without the noise of the key {@code neftune}. */
  static MethodMechanics plain(MethodMechanics method) {
    return method instanceof Neftune noisy ? noisy.method() : method;
  }

  /** Returns the alpha of the noise; 0 if there is none. */
  static double noise(MethodMechanics method) {
    return method instanceof Neftune noisy ? noisy.alpha() : 0;
  }
}
