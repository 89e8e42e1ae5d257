package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.train.Neftune;
import io.adapt4j.core.spi.FineTuningMethod;
import io.adapt4j.core.spi.MethodDescription;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** The key {@code method}: one of those that modules on the class path bring. */
public final class MethodKey {

  private MethodKey() {}

  private static List<MethodDescription> known() {
    return ServiceLoader.load(MethodDescription.class).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  public static List<String> names() {
    return known().stream().map(MethodDescription::name).sorted().toList();
  }

  static Optional<FineTuningMethod> read(Fields fields) {
    List<MethodDescription> known = known();
    List<String> names = known.stream().map(MethodDescription::name).toList();
    fields.require("method", "Choose one of " + String.join(", ", names) + ".");
    Optional<Fields.Named> method = fields.named("method");
    if (method.isEmpty()) {
      return Optional.empty();
    }
    String name = method.get().name();
    for (MethodDescription one : known) {
      if (one.name().equals(name)) {
        Optional<FineTuningMethod> read = one.read(method.get().options());
        method.get().options().finish();
        return read;
      }
    }
    fields.refuse("method", name, names);
    return Optional.empty();
  }

  static Optional<JsonNode> write(FineTuningMethod method) {
    for (MethodDescription one : known()) {
      Optional<ObjectNode> options = one.write(method);
      if (options.isPresent()) {
        return Optional.of(JsonNodeFactory.instance.objectNode().set(one.name(), options.get()));
      }
    }
    return Optional.empty();
  }

  /** The method without the noise that the key {@code neftune} adds. */
  static FineTuningMethod plain(FineTuningMethod method) {
    return method instanceof Neftune noisy ? noisy.method() : method;
  }

  /** The alpha of the noise; 0 if there is none. */
  static double noise(FineTuningMethod method) {
    return method instanceof Neftune noisy ? noisy.alpha() : 0;
  }
}
