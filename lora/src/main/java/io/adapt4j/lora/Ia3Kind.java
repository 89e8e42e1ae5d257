package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.ia3.Ia3AdapterMechanics;
import io.adapt4j.lora.internal.ia3.Ia3Config;
import io.adapt4j.lora.internal.ia3.Ia3Mechanics;
import io.adapt4j.lora.internal.peft.AdapterKind;
import java.nio.file.Path;
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
class Ia3Kind implements AdapterKind {

  private static final String TARGETS = "targets";
  private static final String FEEDFORWARD = "feedforward";
  private static final String SAVED = "modulesToSave";

  /** Public subclass, as {@link java.util.ServiceLoader} requires. */
  public static final class Service extends Ia3Kind {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  @Override
  public String name() {
    return "ia3";
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
    ia3.modules()
        .ifPresent(
            chosen -> {
              DescribedTargets.write(chosen.modules().targets(), TARGETS, options);
              chosen
                  .feedforward()
                  .ifPresent(targets -> DescribedTargets.write(targets, FEEDFORWARD, options));
            });
    if (!ia3.modulesToSave().isEmpty()) {
      ia3.modulesToSave().forEach(options.putArray(SAVED)::add);
    }
    return Optional.of(options);
  }

  @Override
  public Optional<MethodMechanics> mechanics(FineTuningMethod method) {
    return method instanceof Ia3 ia3
        ? Optional.of(new Ia3Mechanics(ia3, ia3.modules(), ia3.modulesToSave()))
        : Optional.empty();
  }

  @Override
  public String peftType() {
    return Ia3Config.TYPE;
  }

  @Override
  public AdapterMechanics at(Path folder) {
    return Ia3AdapterMechanics.at(folder);
  }
}
