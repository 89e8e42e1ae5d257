package io.adapt4j.core.finetune;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.MethodProvider;
import io.adapt4j.core.internal.train.Freezing;
import io.adapt4j.core.method.FineTuningMethod;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * {@link FullFineTuning} in a run description: {@code full}, optionally with frozen parameters
 *
 * <pre>{@code
 * full: {freezeFirstLayers: 6, freezeEmbeddings: true, freeze: [norm], trainOnly: [mlp]}
 * }</pre>
 */
class FullFineTuningDescription implements MethodProvider {

  /** Public class that {@link java.util.ServiceLoader} instantiates. */
  public static final class Service extends FullFineTuningDescription {

    /** Creates the provider, for {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  @Override
  public String name() {
    return "full";
  }

  @Override
  public Optional<FineTuningMethod> read(Fields options) {
    FullFineTuning full =
        FullFineTuning.create()
            .freezeFirstLayers(options.integer("freezeFirstLayers", 0).orElse(0));
    if (options.flag("freezeEmbeddings").orElse(false)) {
      full = full.freezeEmbeddings();
    }
    full = named(options, "freeze", full, FullFineTuning::freeze);
    return Optional.of(named(options, "trainOnly", full, FullFineTuning::trainOnly));
  }

  /** Applies an option to each regular expression under a key. */
  private static FullFineTuning named(
      Fields options,
      String key,
      FullFineTuning full,
      BiFunction<FullFineTuning, String, FullFineTuning> option) {
    FullFineTuning[] changed = {full};
    for (String names : options.texts(key)) {
      options.attempt(key, () -> changed[0] = option.apply(changed[0], names));
    }
    return changed[0];
  }

  @Override
  public Optional<ObjectNode> write(FineTuningMethod method) {
    if (!(method instanceof FullFineTuning full)) {
      return Optional.empty();
    }
    Freezing freezing = full.freezing();
    ObjectNode options = JsonNodeFactory.instance.objectNode();
    options.put("freezeFirstLayers", freezing.layers());
    options.put("freezeEmbeddings", freezing.embeddings());
    put(options, "freeze", freezing.frozen());
    put(options, "trainOnly", freezing.trained());
    return Optional.of(options);
  }

  private static void put(ObjectNode options, String key, List<String> names) {
    if (!names.isEmpty()) {
      names.forEach(options.putArray(key)::add);
    }
  }

  @Override
  public Optional<MethodMechanics> mechanics(FineTuningMethod method) {
    return method instanceof FullFineTuning one
        ? Optional.of(new FullMechanics(one))
        : Optional.empty();
  }
}
