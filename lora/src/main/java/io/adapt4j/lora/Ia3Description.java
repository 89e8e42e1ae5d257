package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.describe.Fields;
import io.adapt4j.core.train.FineTuningMethod;
import io.adapt4j.core.train.MethodDescription;
import java.util.Optional;

/**
 * {@link Ia3} as data: {@code ia3}, or with modules of one's own
 *
 * <pre>{@code
 * ia3: {targets: [k_proj, v_proj, down_proj], feedforward: [down_proj]}
 * }</pre>
 */
public final class Ia3Description implements MethodDescription {

  private static final String TARGETS = "targets";
  private static final String FEEDFORWARD = "feedforward";

  /** Made by {@link java.util.ServiceLoader}. */
  public Ia3Description() {}

  @Override
  public String name() {
    return "ia3";
  }

  @Override
  public Optional<FineTuningMethod> read(Fields options) {
    Optional<Targets> targets = DescribedTargets.read(options, TARGETS);
    Optional<Targets> feedforward = DescribedTargets.read(options, FEEDFORWARD);
    if (options.written().isEmpty()) {
      return Optional.of(Ia3.create());
    }
    options.require(TARGETS, "Name the projections that are scaled.");
    options.require(FEEDFORWARD, "Name those of the targets that are scaled at their input.");
    return targets.isPresent() && feedforward.isPresent()
        ? Optional.of(Ia3.create().targets(targets.get(), feedforward.get()))
        : Optional.empty();
  }

  @Override
  public Optional<ObjectNode> write(FineTuningMethod method) {
    if (!(method instanceof Ia3 ia3)) {
      return Optional.empty();
    }
    ObjectNode options = JsonNodeFactory.instance.objectNode();
    ia3.chosen()
        .ifPresent(
            chosen -> {
              DescribedTargets.write(chosen.modules().targets(), TARGETS, options);
              chosen
                  .feedforward()
                  .ifPresent(one -> DescribedTargets.write(one, FEEDFORWARD, options));
            });
    return Optional.of(options);
  }
}
