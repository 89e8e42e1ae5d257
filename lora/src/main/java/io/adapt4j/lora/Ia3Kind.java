package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.ia3.Ia3Vectors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@link Ia3} as data: {@code ia3}, or with custom modules
 *
 * <pre>{@code
 * ia3: {targets: [k_proj, v_proj, down_proj], feedforward: [down_proj]}
 * }</pre>
 *
 * <p>and with {@code modulesToSave}, a list of modules that train in full.
 */
class Ia3Kind extends ProjectionMethods<Ia3> {

  private static final String TARGETS = "targets";
  private static final String FEEDFORWARD = "feedforward";
  private static final String SAVED = "modulesToSave";

  /** Public subclass, as {@link java.util.ServiceLoader} requires. */
  public static final class Service extends Ia3Kind {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  Ia3Kind() {
    super("ia3", Ia3Vectors.KIND, Ia3.class, Ia3::new, Ia3::config, List.of());
  }

  @Override
  public Optional<FineTuningMethod> read(Fields options) {
    Optional<Targets> targets = DescribedTargets.read(options, TARGETS);
    Optional<Targets> feedforward = DescribedTargets.read(options, FEEDFORWARD);
    List<Ia3> saving = new ArrayList<>();
    options.attempt(
        SAVED,
        () -> saving.add(Ia3.create().modulesToSave(options.texts(SAVED).toArray(String[]::new))));
    Ia3 ia3 = saving.isEmpty() ? Ia3.create() : saving.get(0);
    if (options.find(TARGETS).isEmpty() && options.find(FEEDFORWARD).isEmpty()) {
      return Optional.of(ia3);
    }
    options.require(TARGETS, "Name the projections that are scaled.");
    options.require(FEEDFORWARD, "Name those of the targets that are scaled at their input.");
    return targets.isPresent() && feedforward.isPresent()
        ? Optional.of(ia3.targets(targets.get(), feedforward.get()))
        : Optional.empty();
  }

  @Override
  public Optional<ObjectNode> write(FineTuningMethod method) {
    if (!(method instanceof Ia3 ia3)) {
      return Optional.empty();
    }
    ObjectNode options = JsonNodeFactory.instance.objectNode();
    Ia3Vectors.feedforward(ia3.config())
        .ifPresent(
            feedforward -> {
              DescribedTargets.write(ia3.config().modules().targets(), TARGETS, options);
              DescribedTargets.write(feedforward, FEEDFORWARD, options);
            });
    if (!ia3.config().modulesToSave().isEmpty()) {
      ia3.config().modulesToSave().forEach(options.putArray(SAVED)::add);
    }
    return Optional.of(options);
  }
}
